import { ContentNotFoundError, NameNotFoundError } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from './client.ts'
import { RegistryNotFoundError } from './errors/answer-errors.ts'
import { bytesOf, failure, imageRegistry, listOf } from './test/image-registry.ts'

describe('createRegistryClient()', () => {
  it('resolves a tag by HEAD, and pulls manifest and layer', async () => {
    const { http, image, requests } = await imageRegistry()
    const repository = createRegistryClient({ http }).repository('registry.example/repo')
    const resolved = await repository.resolve({ domain: 'registry.example', path: 'repo', tag: 'v1' })
    expect(resolved).toEqual({
      mediaType: image.manifest.mediaType,
      digest: image.manifest.digest,
      size: image.manifest.size,
    })
    const manifest = await repository.manifest(resolved)
    expect(manifest.kind).toBe('image')
    expect(Buffer.from(manifest.bytes)).toEqual(Buffer.from(image.manifestBytes))
    const layer = image.manifestValue.layers[0]
    if (layer === undefined) throw new Error('no layer')
    expect(await repository.has(layer)).toBe(true)
    expect(await bytesOf(repository.fetch(layer))).toEqual(Buffer.from(image.blobs.get(layer.digest) ?? []))
    expect(requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'HEAD /v2/repo/manifests/v1',
      `GET /v2/repo/manifests/${image.manifest.digest}`,
      `HEAD /v2/repo/blobs/${layer.digest}`,
      `GET /v2/repo/blobs/${layer.digest}`,
    ])
    expect(requests.every(({ url }) => url.startsWith('https://registry.example/'))).toBe(true)
    expect(requests.every(({ headers }) => headers['accept-encoding'] === 'identity')).toBe(true)
  })

  it('gives the same client of a repository, so that those who push to it share what they do', async () => {
    const { http } = await imageRegistry()
    const client = createRegistryClient({ http })
    const repository = client.repository('registry.example/repo')
    expect(client.repository({ domain: 'registry.example', path: 'repo' })).toBe(repository)
    const others = [
      client.repository('registry.example/other'),
      client.repository('registry.example/repo', { mirrors: false }),
      client.withCredentials(async () => undefined).repository('registry.example/repo'),
      createRegistryClient({ http }).repository('registry.example/repo'),
    ]
    expect(new Set([repository, ...others]).size).toBe(5)
  })

  it('lists tags', async () => {
    const { http } = await imageRegistry()
    const tags = await listOf(createRegistryClient({ http }).repository('registry.example/repo').tags())
    expect(tags).toEqual(['v1'])
  })

  it("says with the ports' errors what is not there", async () => {
    const { http, image } = await imageRegistry()
    const repository = createRegistryClient({ http }).repository('registry.example/repo')
    const name = await failure(repository.resolve({ domain: 'registry.example', path: 'repo', tag: 'v2' }))
    expect(name).toBeInstanceOf(NameNotFoundError)
    expect(name).toHaveProperty('cause.codes', ['MANIFEST_UNKNOWN'])
    const absent = { ...image.manifest, digest: image.config.digest }
    expect(await failure(repository.manifest(absent))).toBeInstanceOf(ContentNotFoundError)
    const blob = await failure(
      bytesOf(repository.fetch({ ...image.config, digest: image.manifest.digest, size: 5_000 })),
    )
    expect(blob).not.toBeInstanceOf(RegistryNotFoundError)
  })

  it('asks Docker Hub at its registry, this machine by http and others by https', async () => {
    const { http, requests } = await imageRegistry()
    const client = createRegistryClient({ http })
    for (const [domain, path] of [
      ['docker.io', 'library/repo'],
      ['localhost:5000', 'repo'],
      ['10.0.0.1', 'repo'],
    ] as const) {
      await client.repository({ domain, path }).resolve({ domain, path, tag: 'v1' })
    }
    expect(requests.map(({ url }) => new URL(url).origin)).toEqual([
      'https://registry-1.docker.io',
      'http://localhost:5000',
      'https://10.0.0.1',
    ])
  })

  it("sends the user's headers to the registry, and not where it redirects to", async () => {
    const { http, image } = await imageRegistry()
    const seen: string[] = []
    const client = createRegistryClient({
      headers: { 'X-Meta-Build': '42' },
      http: async (request) => {
        const { host } = new URL(request.url)
        seen.push(`${host} ${request.headers['x-meta-build'] ?? 'none'}`)
        if (host === 'cdn.example' || !request.url.includes('/blobs/')) {
          return await http({ ...request, url: request.url.replace('cdn.example', 'registry.example') })
        }
        const location = request.url.replace('registry.example', 'cdn.example')
        return { status: 307, headers: { location }, body: (async function* () {})() }
      },
    })
    const repository = client.repository('registry.example/repo')
    await repository.manifest(image.manifest)
    await bytesOf(repository.fetch(image.config))
    expect(seen).toEqual(['registry.example 42', 'registry.example 42', 'cdn.example none'])
  })

  it('refuses headers that might follow a redirect', async () => {
    const { http } = await imageRegistry()
    expect(() => createRegistryClient({ http, headers: { authorization: 'x' } })).toThrow(
      new RangeError('Cannot send header "authorization": expected a name that begins with x-'),
    )
  })
})
