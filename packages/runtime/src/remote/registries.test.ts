import { mkdir, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import { connect, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'

import type { RegistryEvent } from '@drayage/registry'
import { buildImage, buildLayer, createCertificate, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { RuntimeOptions } from '../create-runtime.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { withCredentials } from './with-credentials.ts'

let work: TempDir
const closing: AsyncDisposable[] = []
beforeEach(async () => void (work = await tempDir()))
afterEach(async () => {
  for (const each of closing.splice(0).toReversed()) await each[Symbol.asyncDispose]()
  await work[Symbol.asyncDispose]()
})

const keep = <T extends AsyncDisposable>(each: T): T => {
  closing.push(each)
  return each
}
const open = async (options: RuntimeOptions = {}): Promise<Runtime> => keep(await openTestRuntime(work.path, options))

async function write(name: string, text: string): Promise<void> {
  const file = path.join(work.path, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  keep({ [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) })
  const address: string | AddressInfo | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

describe('a mirror', () => {
  let image: TestImage
  let upstream: TestRegistry
  let mirror: TestRegistry
  beforeAll(async () => {
    image = await buildImage({ layers: [await buildLayer([{ path: 'a', content: 'a' }])] })
  })
  beforeEach(async () => {
    upstream = keep(await startRegistry())
    mirror = keep(await startRegistry())
    const hosts = `[host."http://${mirror.host}"]\n`
    await write(`etc/containerd/certs.d/${upstream.host}/hosts.toml`, hosts)
  })

  test('serves a pull, and gets no push', async () => {
    await mirror.push('app', '1', image)
    const events: RegistryEvent[] = []
    const runtime = await open({ onRegistryEvent: (event) => events.push(event) })
    const name = `${upstream.host}/app:1`
    await pullImage(runtime, name)
    expect((await inspectImage(runtime, name)).Id).toBe(image.config.digest)
    expect(upstream.requests).toEqual([])
    expect(events.every((event) => event.type === 'endpoint-served' && event.host === mirror.host)).toBe(true)
    const before = mirror.requests.length
    await pushImage(runtime, name)
    expect(mirror.requests).toHaveLength(before)
    expect(upstream.requests.some(({ method }) => method === 'PUT')).toBe(true)
  })

  test('is replaced by the registry when it is gone or has nothing', async () => {
    const name = await upstream.push('app', '1', image)
    await pullImage(await open(), name)
    expect(mirror.requests.length).toBeGreaterThan(0)
    await mirror[Symbol.asyncDispose]()
    const events: RegistryEvent[] = []
    const storeDirectory = path.join(work.path, 'other')
    const runtime = await open({ storeDirectory, onRegistryEvent: (event) => events.push(event) })
    await pullImage(runtime, name)
    expect((await inspectImage(runtime, name)).Id).toBe(image.config.digest)
    expect(events.filter(({ type }) => type === 'endpoint-failed')).toHaveLength(1)
  })

  test('that gives other bytes of a large layer costs a second request and nothing else', async () => {
    const large = await buildImage({
      layers: [await buildLayer([{ path: 'a', content: new Uint8Array(5 * 1024 * 1024) }], { compression: 'none' })],
    })
    const [layer] = large.manifestValue.layers
    const name = await upstream.push('app', '1', large)
    const bad = keep(
      await startRegistry((handler) => async (request) => {
        const response = await handler(request)
        if (!request.url.includes(`/blobs/${layer?.digest}`) || response.status !== 200) return response
        return { ...response, body: spoiled(response.body) }
      }),
    )
    await bad.push('app', '1', large)
    await write(`etc/containerd/certs.d/${upstream.host}/hosts.toml`, `[host."http://${bad.host}"]\n`)
    const runtime = await open()
    await pullImage(runtime, name)
    expect((await inspectImage(runtime, name)).Id).toBe(large.config.digest)
    expect(upstream.blobRequests()).toEqual([`GET ${layer?.digest}`])
  })

  async function* spoiled(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) yield chunk.map((byte) => byte ^ 1)
  }

  test('gets neither the login of the registry nor that of a caller', async () => {
    const seen: string[] = []
    const wanting = (host: () => string, ok: boolean): ReturnType<typeof startRegistry> =>
      startRegistry((handler) => async (request) => {
        const { authorization } = request.headers
        if (authorization !== undefined) seen.push(`${host()} ${atob(authorization.replace('Basic ', ''))}`)
        if (ok && authorization !== undefined) return await handler(request)
        const body = (async function* () {})()
        return { status: 401, headers: { 'www-authenticate': 'Basic realm="r"', 'content-length': '0' }, body }
      })
    const first: TestRegistry = keep(await wanting(() => 'mirror', false))
    const second: TestRegistry = keep(await wanting(() => 'registry', true))
    const name = await second.push('app', '1', image)
    await write(`etc/containerd/certs.d/${second.host}/hosts.toml`, `[host."http://${first.host}"]\n`)
    const login = (user: string): object => ({ auth: btoa(`${user}:secret`) })
    await write('home/.docker/config.json', JSON.stringify({ auths: { [second.host]: login('own') } }))
    await pullImage(await open(), name)
    expect(new Set(seen)).toEqual(new Set(['registry own:secret']))
    seen.length = 0
    await write(
      'home/.docker/config.json',
      JSON.stringify({ auths: { [first.host]: login('mine'), [second.host]: login('own') } }),
    )
    const runtime = await open({ storeDirectory: path.join(work.path, 'other') })
    const serveraddress = 'https://another.example/v1/'
    const caller = withCredentials(runtime, { username: 'caller', password: 'secret', serveraddress })
    await pullImage(caller, name)
    await caller[Symbol.asyncDispose]()
    expect(new Set(seen)).toEqual(new Set(['mirror mine:secret', 'registry caller:secret']))
    expect((await inspectImage(runtime, name)).Id).toBe(image.config.digest)
  })
})

describe('withCredentials()', () => {
  test.each([
    [{ registrytoken: 'TOK' }, 'Bearer TOK'],
    [{ username: 'u', password: 'p' }, `Basic ${btoa('u:p')}`],
    [{ auth: btoa('u:p:q') }, `Basic ${btoa('u:p:q')}`],
    [{}, undefined],
    [{ username: '', password: '', identitytoken: '' }, undefined],
  ])('sends %j', async (auth, expected) => {
    const seen: (string | undefined)[] = []
    const server = createHttpServer((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
    })
    const host = `127.0.0.1:${await listen(server)}`
    const runtime = await open()
    const remote = withCredentials(runtime, auth).registry.repository(`${host}/app`)
    await expect(remote.resolve({ domain: host, path: 'app', tag: '1' })).rejects.toThrow('401')
    expect(seen.filter((value) => value !== undefined)[0]).toBe(expected)
  })
})

describe('TLS', () => {
  const own = createCertificate({ dnsName: 'registry.test' })
  const login = { username: 'u', password: 'S3CR3T' }
  let requests: string[]

  /** A registry with this certificate, behind a proxy that leads every name to it; plain http is answered too. */
  async function behindProxy(
    tls: ServerOptions,
  ): Promise<{ readonly HTTPS_PROXY: string; readonly HTTP_PROXY: string }> {
    requests = []
    const secure = createHttpsServer(tls, (request, response) => {
      requests.push(`https ${request.url}`)
      response.end('{}')
    })
    secure.on('tlsClientError', () => {})
    const port = await listen(secure)
    const proxy = createHttpServer((request, response) => {
      requests.push(`http ${request.url}`)
      response.end('{}')
    })
    proxy.on('connect', (_, socket) => {
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    const url = `http://127.0.0.1:${await listen(proxy)}`
    return { HTTPS_PROXY: url, HTTP_PROXY: url }
  }

  test.each([
    ['is signed by itself', own, 'tls-untrusted'],
    [
      'has expired',
      createCertificate({ dnsName: 'registry.test', notAfter: new Date(Date.UTC(2021, 0, 1)) }),
      'tls-expired',
    ],
    ['is of another host', createCertificate({ dnsName: 'other.test' }), 'tls-host'],
  ])('a certificate that %s is refused, and no plain request is sent', async (_, certificate, reason) => {
    const env = await behindProxy(certificate)
    if (reason !== 'tls-untrusted') await write('etc/docker/certs.d/registry.test/ca.crt', certificate.cert)
    const { registry } = await open({ env })
    await expect(registry.checkLogin('registry.test', login)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
      reason,
      retryable: false,
    })
    expect(requests).toEqual([])
  })

  test.each([
    ['certs.d', {}, 'etc/docker/certs.d/registry.test/ca.crt', own.cert],
    [
      'hosts.toml',
      {},
      'etc/containerd/certs.d/registry.test/hosts.toml',
      'server = "https://registry.test"\nca = "ca.pem"',
    ],
    ['a list of insecure registries', { insecureRegistries: ['registry.test'] }, 'etc/unused', ''],
    [
      'registries.conf',
      {},
      'etc/containers/registries.conf',
      '[[registry]]\nlocation = "registry.test"\ninsecure = true',
    ],
  ])('a certificate is accepted by %s', async (_, registries, file, text) => {
    const env = await behindProxy(own)
    await write(file, text)
    await write('etc/containerd/certs.d/registry.test/ca.pem', own.cert)
    const { registry } = await open({ env, registries })
    expect(await registry.checkLogin('registry.test', login)).toEqual({})
    expect(requests).toEqual(['https /v2/'])
  })

  test('a certificate is accepted by $SSL_CERT_FILE', async () => {
    const env = await behindProxy(own)
    await write('roots.pem', own.cert)
    const { registry } = await open({ env: { ...env, SSL_CERT_FILE: path.join(work.path, 'roots.pem') } })
    expect(await registry.checkLogin('registry.test', login)).toEqual({})
  })

  test('a client certificate is shown to its host', async () => {
    const mine = createCertificate({ dnsName: 'client' })
    const env = await behindProxy({ ...own, requestCert: true, rejectUnauthorized: true, ca: mine.cert })
    await write('etc/docker/certs.d/registry.test/ca.crt', own.cert)
    const without = await open({ env })
    await expect(without.registry.checkLogin('registry.test', login)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
    })
    await write('etc/docker/certs.d/registry.test/client.cert', mine.cert)
    await write('etc/docker/certs.d/registry.test/client.key', mine.key)
    await without.registries.reload()
    expect(await without.registry.checkLogin('registry.test', login)).toEqual({})
  })

  test('an insecure registry without https is asked by http', async () => {
    const server = createHttpServer((request, response) => {
      requests.push(`${request.headers.host}`)
      response.end('{}')
    })
    const env = await behindProxy(own)
    const proxy = await listen(server)
    const { registry } = await open({
      env: { ...env, HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: `http://127.0.0.1:${proxy}` },
      registries: { insecureRegistries: ['registry.test'] },
    })
    expect(await registry.checkLogin('registry.test', login)).toEqual({})
    expect(requests).toEqual(['registry.test'])
  })
})
