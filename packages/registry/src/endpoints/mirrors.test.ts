import { type HttpClient, type HttpRequest, type HttpResponse, NameNotFoundError } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import { buildImage, buildLayer, randomBytes, type TestImage } from '@drayage/testkit'
import { beforeAll, describe, expect, it } from 'vitest'

import { createRegistryClient, type RegistryClientOptions } from '../client.ts'
import { RegistryUnreachableError } from '../errors/connection-errors.ts'
import { RegistryMirrorError } from '../errors/transfer-errors.ts'
import type { RegistryEvent } from '../events.ts'
import { ALL_USES, type RegistryEndpoint } from './registry-endpoint.ts'
import { answer, bytesOf, failure, listOf, refusal, serveImage } from '../test/image-registry.ts'

const MIB = 1024 * 1024
const REGISTRY: RegistryEndpoint = {
  url: 'https://registry.example',
  uses: ALL_USES,
  isMirror: false,
  credentialsHost: 'registry.example',
}
const mirror = (host: string, more: Partial<RegistryEndpoint> = {}): RegistryEndpoint => ({
  url: `https://${host}`,
  uses: ['resolve', 'pull'],
  isMirror: true,
  ...more,
})

type Serve = (request: HttpRequest) => HttpResponse | 'dns' | 'refused'

interface Asked {
  readonly client: ReturnType<typeof createRegistryClient>
  readonly requests: HttpRequest[]
  readonly events: RegistryEvent[]
  /** Method, host and path of what was asked since the last call. */
  taken(): string[]
}

function ask(
  servers: Readonly<Record<string, Serve>>,
  endpoints: readonly RegistryEndpoint[],
  options: Partial<RegistryClientOptions> = {},
): Asked {
  const requests: HttpRequest[] = []
  const events: RegistryEvent[] = []
  let taken = 0
  const http: HttpClient = async (request) => {
    requests.push(request)
    const { host } = new URL(request.url)
    const response = servers[host]?.(request) ?? 'dns'
    if (typeof response !== 'string') return response
    const { method, url } = request
    throw new RegistryUnreachableError({ method, url, host, reason: response, retryable: true })
  }
  const client = createRegistryClient({
    http,
    endpoints: async () => endpoints,
    onEvent: (event) => events.push(event),
    ...options,
  })
  const line = ({ method, url }: HttpRequest): string => `${method} ${new URL(url).host} ${new URL(url).pathname}`
  return { client, requests, events, taken: () => requests.slice(taken, (taken = requests.length)).map(line) }
}

const V1 = { domain: 'registry.example', path: 'repo', tag: 'v1' }

describe('mirrors', () => {
  let image: TestImage
  let large: Descriptor
  beforeAll(async () => {
    const layer = await buildLayer([{ path: 'data', content: randomBytes(1, 5 * MIB) }], { compression: 'none' })
    image = await buildImage({ layers: [layer] })
    large = image.manifestValue.layers[0] ?? image.config
  })
  const whole: Serve = (request) => serveImage(image, request)
  const served = (events: readonly RegistryEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'endpoint-served' ? [event.host] : []))
  const failed = (events: readonly RegistryEvent[]): string[] =>
    events.flatMap((event) => (event.type === 'endpoint-failed' ? [event.host] : []))

  it('are asked first, for tags, manifests and blobs, and reported as having served', async () => {
    const { client, taken, events } = ask({ 'm.example': whole, 'registry.example': whole }, [
      mirror('m.example'),
      REGISTRY,
    ])
    const repository = client.repository('registry.example/repo')
    const target = await repository.resolve(V1)
    await repository.manifest(target)
    expect(await bytesOf(repository.fetch(large))).toHaveLength(large.size)
    expect(taken().every((line) => line.includes(' m.example '))).toBe(true)
    expect(events).toEqual(
      Array.from({ length: 3 }, () => ({
        type: 'endpoint-served',
        host: 'm.example',
        registry: 'registry.example',
        repository: 'repo',
        isMirror: true,
      })),
    )
  })

  it.each([
    ['404', () => refusal(404, 'NAME_UNKNOWN')],
    ['401', () => refusal(401, 'UNAUTHORIZED')],
    ['403', () => refusal(403, 'DENIED')],
    ['429', () => refusal(429, 'TOOMANYREQUESTS')],
    ['500', () => answer(500)],
    ['a web page', () => answer(200, { 'content-type': 'text/html' }, '<html>')],
    ['another manifest', () => answer(200, { 'content-type': 'application/json' }, '{"schemaVersion":2}')],
    ['no answer', () => 'refused' as const],
    ['a redirect to this machine', () => answer(307, { location: 'http://127.0.0.1:2375/version' })],
  ])('fall back to the registry after %s', async (_, serve) => {
    const { client, events, taken } = ask({ 'm.example': serve, 'registry.example': whole }, [
      mirror('m.example'),
      REGISTRY,
    ])
    const repository = client.repository('registry.example/repo')
    const manifest = await repository.manifest(image.manifest)
    expect(manifest.descriptor.digest).toBe(image.manifest.digest)
    expect(taken().at(-1)).toContain('registry.example')
    expect(failed(events)).toEqual(['m.example'])
    expect(served(events)).toEqual(['registry.example'])
  })

  it("with an unknown name rest for a minute, and the registry's bytes are verified", async () => {
    let nowMs = 0
    const spoiled: Serve = (request) =>
      request.url.includes('/blobs/') ? answer(200, {}, randomBytes(9, large.size)) : whole(request)
    const { client, taken, events } = ask({ 'registry.example': spoiled }, [mirror('gone.example'), REGISTRY], {
      now: () => nowMs,
    })
    const repository = client.repository('registry.example/repo')
    await repository.resolve(V1)
    await repository.manifest(image.manifest)
    expect(await failure(bytesOf(repository.fetch(large)))).toHaveProperty('code', 'ERR_DIGEST_MISMATCH')
    expect(failed(events)).toEqual(['gone.example'])
    expect(taken().filter((line) => line.includes('gone.example'))).toHaveLength(1)
    nowMs = 60_001
    await repository.resolve(V1)
    expect(taken()[0]).toContain('gone.example')
  })

  it('rest in clients of other users too', async () => {
    const { client, taken } = ask({ 'registry.example': whole }, [mirror('gone.example'), REGISTRY])
    await client.repository('registry.example/repo').resolve(V1)
    taken()
    await client
      .withCredentials(async () => undefined)
      .repository('registry.example/repo')
      .resolve(V1)
    expect(taken()).toEqual(['HEAD registry.example /v2/repo/manifests/v1'])
  })

  it("throws the registry's error when all fail", async () => {
    const { client } = ask(
      { 'm.example': () => refusal(403, 'DENIED'), 'registry.example': () => refusal(404, 'MANIFEST_UNKNOWN') },
      [mirror('m.example'), REGISTRY],
    )
    expect(await failure(client.repository('registry.example/repo').resolve(V1))).toBeInstanceOf(NameNotFoundError)
  })

  it('with a wrong small blob are passed over before any of it is given', async () => {
    const wrong: Serve = (request) =>
      request.url.includes('/blobs/') ? answer(200, {}, randomBytes(2, image.config.size)) : whole(request)
    const { client, events } = ask({ 'm.example': wrong, 'registry.example': whole }, [mirror('m.example'), REGISTRY])
    const bytes = await bytesOf(client.repository('registry.example/repo').fetch(image.config))
    expect(bytes).toEqual(Buffer.from(image.blobs.get(image.config.digest) ?? []))
    expect(failed(events)).toEqual(['m.example'])
  })

  it.each([
    ['other bytes', () => randomBytes(3, large.size), 'ERR_DIGEST_MISMATCH'],
    ['a part', () => randomBytes(1, 100_000), 'ERR_REGISTRY_TRUNCATED'],
  ])('with a large blob that comes as %s are passed over by the next call', async (_, blob, cause) => {
    const bad: Serve = (request) => {
      if (!request.url.includes('/blobs/')) return whole(request)
      return answer(200, { 'content-length': String(large.size) }, blob())
    }
    const { client, taken } = ask({ 'm.example': bad, 'registry.example': whole }, [mirror('m.example'), REGISTRY])
    const repository = client.repository('registry.example/repo')
    const error = await failure(bytesOf(repository.fetch(large, { verify: false })))
    expect(error).toBeInstanceOf(RegistryMirrorError)
    expect(error).toMatchObject({ host: 'm.example', retryable: true, retryAfterMs: 0, cause: { code: cause } })
    taken()
    expect(await bytesOf(repository.fetch(large, { offset: 100_000, verify: false }))).toHaveLength(
      large.size - 100_000,
    )
    expect(taken()).toEqual([`GET registry.example /v2/repo/blobs/${large.digest}`])
  })

  it('with an unverified range are passed over when the whole is asked for again', async () => {
    const { client, taken } = ask({ 'm.example': whole, 'registry.example': whole }, [mirror('m.example'), REGISTRY])
    const repository = client.repository('registry.example/repo')
    await bytesOf(repository.fetch(large, { offset: 1000 }))
    await bytesOf(repository.fetch(large, { offset: 2000 }))
    await bytesOf(repository.fetch(large))
    expect(taken().map((line) => line.split(' ')[1])).toEqual(['m.example', 'm.example', 'registry.example'])
  })

  it('list tags when the caller allows it, and the registry does where they fail', async () => {
    const list = (...tags: readonly string[]): Serve => {
      return () => answer(200, {}, JSON.stringify({ tags }))
    }
    const own = { 'registry.example': list('own') }
    const tagsOf = async ({ client, taken }: Asked): Promise<readonly unknown[]> => {
      const tags = await listOf(client.repository('registry.example/repo').tags({ mirrors: true }))
      return [tags, taken().map((line) => line.split(' ')[1])]
    }
    const served = ask({ ...own, 'm.example': list('of', 'mirror') }, [mirror('m.example'), REGISTRY])
    expect(await tagsOf(served)).toEqual([['of', 'mirror'], ['m.example']])
    const failing = ask({ ...own, 'm.example': () => answer(500) }, [mirror('m.example'), REGISTRY])
    expect(await tagsOf(failing)).toEqual([['own'], ['m.example', 'registry.example']])
  })

  it('are never pushed to, listed or deleted from', async () => {
    const { client, taken } = ask(
      {
        'registry.example': ({ url }) =>
          url.includes('/tags/') || url.includes('_catalog') ? answer(200, {}, '{"tags":[]}') : refusal(404, 'UNKNOWN'),
      },
      [mirror('m.example', { uses: ALL_USES }), REGISTRY],
    )
    const repository = client.repository('registry.example/repo')
    await listOf(repository.tags())
    await listOf(client.catalog('registry.example')).catch(() => {})
    await listOf(repository.referrers(image.manifest.digest))
    await repository.deleteTag('v1')
    await repository.deleteManifest(image.manifest.digest)
    await repository.has(image.config)
    await repository.mount(image.config, { domain: 'registry.example', path: 'other' })
    await failure((await repository.begin(image.config.digest)).append(brokenOff()))
    await failure(repository.tag(image.manifest, V1))
    await client
      .repository('registry.example/repo', { mirrors: false })
      .resolve(V1)
      .catch(() => {})
    const asked = taken()
    expect(asked.length).toBeGreaterThan(8)
    expect(asked.filter((line) => !line.includes(' registry.example '))).toEqual([])
  })

  async function* brokenOff(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(5 * MIB)
  }

  it('are asked only for what they may be', async () => {
    const { client, taken } = ask({ 'd.example': whole, 't.example': whole, 'registry.example': whole }, [
      mirror('d.example', { uses: ['pull'] }),
      mirror('t.example', { uses: ['resolve'] }),
      REGISTRY,
    ])
    const repository = client.repository('registry.example/repo')
    await repository.resolve(V1)
    await repository.manifest(image.manifest)
    await repository.resolve({ ...V1, digest: image.manifest.digest })
    expect(taken().map((line) => line.split(' ')[1])).toEqual(['t.example', 'd.example', 'd.example'])
  })

  it('are asked below their own path, for their own name, with their own headers and namespace', async () => {
    const { client, requests } = ask({ 'm.example': (request) => serveImage(image, request) }, [
      mirror('m.example', {
        url: 'https://m.example/cache/v2/',
        path: 'hub/repo',
        namespace: 'registry.example',
        headers: { 'x-cache-key': 'k' },
      }),
      REGISTRY,
    ])
    await client.repository('registry.example/repo').manifest(V1)
    expect(requests.map(({ url }) => url)).toEqual([
      'https://m.example/cache/v2/hub/repo/manifests/v1?ns=registry.example',
    ])
    expect(requests[0]?.headers['x-cache-key']).toBe('k')
  })

  it('keep their headers to their own origin', async () => {
    const { client, requests } = ask(
      { 'm.example': () => answer(307, { location: 'https://cdn.example/m' }), 'cdn.example': whole },
      [mirror('m.example', { headers: { 'cache-secret': 'k', authorization: 'Basic eDp5' } }), REGISTRY],
    )
    await client
      .repository('registry.example/repo')
      .manifest(V1)
      .catch(() => {})
    expect(requests.map(({ headers }) => [headers['cache-secret'], headers['authorization']]).slice(0, 2)).toEqual([
      ['k', 'Basic eDp5'],
      [undefined, undefined],
    ])
  })

  it('never get the credentials of the registry, but their own', async () => {
    const wanted = (request: HttpRequest): HttpResponse =>
      request.headers['authorization'] === undefined
        ? answer(401, { 'www-authenticate': 'Basic realm="x"' })
        : refusal(404, 'MANIFEST_UNKNOWN')
    const asked: unknown[] = []
    const { client, requests } = ask(
      { 'm.example:5000': wanted, 'registry.example': wanted },
      [mirror('m.example:5000'), REGISTRY],
      {
        credentials: async (host, options) => {
          asked.push([host, options?.mirrorOf])
          return { username: host, password: 'secret' }
        },
      },
    )
    await failure(client.repository('registry.example/repo').manifest(V1))
    expect(asked).toEqual([
      ['m.example:5000', 'registry.example'],
      ['registry.example', undefined],
    ])
    const users = requests.flatMap(({ url, headers: { authorization } }) =>
      authorization === undefined
        ? []
        : [`${new URL(url).host} ${Buffer.from(authorization.slice('Basic '.length), 'base64').toString()}`],
    )
    expect(users).toEqual(['m.example:5000 m.example:5000:secret', 'registry.example registry.example:secret'])
  })

  it('cannot redirect a blob to this machine', async () => {
    const { client, requests } = ask(
      { 'm.example': () => answer(307, { location: 'http://127.0.0.1:2375/version' }), 'registry.example': whole },
      [mirror('m.example'), REGISTRY],
    )
    await bytesOf(client.repository('registry.example/repo').fetch(large))
    expect(requests.filter(({ url }) => url.includes('127.0.0.1'))).toEqual([])
  })

  it('change while the client is in use', async () => {
    let endpoints = [REGISTRY]
    const { client, taken } = ask({ 'm.example': whole, 'registry.example': whole }, [], {
      endpoints: async () => endpoints,
    })
    const repository = client.repository('registry.example/repo')
    await repository.resolve(V1)
    endpoints = [mirror('m.example'), REGISTRY]
    await repository.resolve(V1)
    expect(taken().map((line) => line.split(' ')[1])).toEqual(['registry.example', 'm.example'])
  })

  it('rejects with the reason of its signal and asks no other endpoint', async () => {
    const stop = new AbortController()
    const reason = new Error('mine')
    const stopping: Serve = () => {
      stop.abort(reason)
      return 'dns'
    }
    const { client, taken } = ask({ 'm.example': stopping, 'registry.example': whole }, [mirror('m.example'), REGISTRY])
    const { signal } = stop
    await expect(client.repository('registry.example/repo').resolve(V1, { signal })).rejects.toBe(reason)
    expect(taken()).toHaveLength(1)
  })

  it('refuses to work without an endpoint, or with a malformed one', async () => {
    const none = ask({}, []).client.repository('registry.example/repo')
    expect(await failure(none.resolve(V1))).toBeInstanceOf(TypeError)
    for (const url of [
      'ftp://h',
      'https://u:p@h',
      'https://h/v2?x',
      'https://h/#x',
      'https://',
      'h:5000',
      'https://h h',
    ]) {
      const error = await failure(
        ask({}, [{ ...REGISTRY, url }])
          .client.repository('registry.example/repo')
          .resolve(V1),
      )
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).not.toContain('u:p')
    }
  })
})

describe('an insecure endpoint', () => {
  const insecure: RegistryEndpoint = { ...REGISTRY, isInsecure: true }
  const tags: Serve = () => answer(200, {}, '{"tags":["v1"]}')
  const byScheme =
    (https: Serve, http: Serve): Serve =>
    (request) =>
      (request.url.startsWith('https:') ? https : http)(request)

  it('is asked by https, and by http where nothing answers there', async () => {
    const { client, requests } = ask({ 'registry.example': byScheme(() => 'refused', tags) }, [insecure])
    const repository = client.repository('registry.example/repo')
    expect(await listOf(repository.tags())).toEqual(['v1'])
    await listOf(repository.tags())
    expect(requests.map(({ url }) => new URL(url).protocol)).toEqual(['https:', 'http:', 'http:'])
  })

  it('is never asked by http once https has answered', async () => {
    let isUp = true
    const { client, requests } = ask({ 'registry.example': byScheme(() => (isUp ? answer(500) : 'refused'), tags) }, [
      insecure,
    ])
    const repository = client.repository('registry.example/repo')
    expect(await failure(listOf(repository.tags()))).toHaveProperty('status', 500)
    isUp = false
    expect(await failure(listOf(repository.tags()))).toHaveProperty('code', 'ERR_REGISTRY_UNREACHABLE')
    expect(requests.map(({ url }) => new URL(url).protocol)).toEqual(['https:', 'https:'])
  })

  it('of http alone is asked by http, and of https alone by https', async () => {
    for (const url of ['http://registry.example', 'https://registry.example']) {
      const { client, requests } = ask({ 'registry.example': () => 'refused' }, [{ ...REGISTRY, url }])
      await failure(listOf(client.repository('registry.example/repo').tags()))
      expect(requests.map((request) => new URL(request.url).origin)).toEqual([url])
    }
  })
})
