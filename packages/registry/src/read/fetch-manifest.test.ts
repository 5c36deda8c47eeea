import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { MANIFEST_ACCEPT, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { answer, failureFields, imageRegistry, listOf, refusal } from '../test/image-registry.ts'

const { image } = await imageRegistry()
const { manifest, manifestBytes: bytes } = image
const tag = { domain: 'registry.example', path: 'repo', tag: 'v1' }
const named = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest }

function peer(respond: (request: HttpRequest) => HttpResponse): {
  repository: RepositoryClient
  requests: HttpRequest[]
} {
  const requests: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    return respond(request)
  }
  return { repository: createRegistryClient({ http }).repository('registry.example/repo'), requests }
}

describe('manifest()', () => {
  it('fetches by tag, by digest and by descriptor, and accepts every known type', async () => {
    const { repository, requests } = peer(() => answer(200, named, bytes))
    const byTag = await repository.manifest(tag)
    const byDigest = await repository.manifest({ ...tag, digest: manifest.digest })
    const byDescriptor = await repository.manifest({ ...manifest, mediaType: 'application/vnd.other+json' })
    expect(byTag.descriptor).toEqual(byDigest.descriptor)
    expect(byTag.descriptor).toEqual(byDescriptor.descriptor)
    expect(byTag.descriptor).toEqual({ mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.size })
    expect(requests.map(({ url }) => new URL(url).pathname.split('/').at(-1))).toEqual([
      'v1',
      manifest.digest,
      manifest.digest,
    ])
    expect(requests.every(({ headers }) => headers['accept'] === MANIFEST_ACCEPT.join(', '))).toBe(true)
  })

  it('asks for latest when a reference names neither tag nor digest', async () => {
    const { repository, requests } = peer(() => answer(200, named, bytes))
    await repository.manifest({ domain: 'registry.example', path: 'repo' })
    expect(requests[0]?.url).toMatch(/\/manifests\/latest$/)
  })

  it.each([
    ['a digest that the bytes do not have', { digest: image.config.digest }],
    ['a tag whose header names another digest', {}],
  ])('refuses %s', async (_, extra) => {
    const { repository } = peer(() => answer(200, { ...named, 'docker-content-digest': image.config.digest }, bytes))
    expect(await failureFields(repository.manifest({ ...tag, ...extra }))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  it('needs no Docker-Content-Digest, and ignores one that is none', async () => {
    for (const header of ['', 'sha256:abc']) {
      const { repository } = peer(() => answer(200, { ...named, 'docker-content-digest': header }, bytes))
      expect((await repository.manifest(tag)).descriptor.digest).toBe(manifest.digest)
    }
  })

  it('names a manifest by the algorithm that the registry names it by', async () => {
    const digest = digestOf(bytes, 'sha512')
    const { repository } = peer(() => answer(200, { ...named, 'docker-content-digest': digest }, bytes))
    expect((await repository.manifest(tag)).descriptor.digest).toBe(digest)
  })

  it('refuses a manifest that comes as an index', async () => {
    const { repository } = peer(() => answer(200, { 'content-type': MEDIA_TYPES.ociIndex }, bytes))
    expect(await failureFields(repository.manifest(tag))).toMatchObject({ code: 'ERR_MANIFEST_AMBIGUOUS' })
  })

  it.each(['', 'application/json', 'text/plain; charset=utf-8', 'application/octet-stream'])(
    'takes the type of the descriptor when the answer says %j',
    async (type) => {
      const { repository } = peer(() => answer(200, { 'content-type': type }, bytes))
      expect((await repository.manifest(manifest)).kind).toBe('image')
    },
  )

  it('takes the size of the bytes, whatever the descriptor says', async () => {
    const { repository } = peer(() => answer(200, named, bytes))
    expect((await repository.manifest({ ...manifest, size: 5 })).descriptor.size).toBe(bytes.length)
  })

  it('refuses half a manifest', async () => {
    const { repository } = peer(() =>
      answer(200, { ...named, 'content-length': String(bytes.length) }, bytes.subarray(0, 10)),
    )
    expect(await failureFields(repository.manifest(tag))).toMatchObject({
      code: 'ERR_REGISTRY_TRUNCATED',
      retryable: true,
    })
  })

  it('reads no more than 4 MiB, with and without a length', async () => {
    let pulled = 0
    const endless = async function* (): AsyncGenerator<Uint8Array, void, void> {
      for (;;) {
        pulled += 65_536
        yield new Uint8Array(65_536)
      }
    }
    const blind = peer(() => ({ status: 200, headers: named, body: endless() }))
    expect(await failureFields(blind.repository.manifest(tag))).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
    expect(pulled).toBe(4 * 1024 * 1024 + 65_536)
    pulled = 0
    const known = peer(() => ({ status: 200, headers: { ...named, 'content-length': '1073741824' }, body: endless() }))
    expect(await failureFields(known.repository.manifest(tag))).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
    expect(pulled).toBe(0)
  })

  it('refuses an encoded manifest', async () => {
    const { repository } = peer(() => answer(200, { ...named, 'content-encoding': 'gzip' }, bytes))
    expect(await failureFields(repository.manifest(tag))).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it('refuses the page of a captive portal', async () => {
    const { repository } = peer(() =>
      answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<html>log in</html>'),
    )
    for (const work of [repository.manifest(tag), repository.resolve(tag)]) {
      expect(await failureFields(work)).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL', retryable: false })
    }
  })

  it('refuses what is not JSON', async () => {
    const { repository } = peer(() => answer(200, { 'content-type': manifest.mediaType }, '{'))
    expect(await failureFields(repository.manifest(tag))).toMatchObject({ code: 'ERR_MANIFEST_SYNTAX' })
  })

  it.each(['a\r\nX-Evil: 1', 'a%0d%0a', 'a/../b', 'a?b', 'a#b', '', '.a', 'x'.repeat(129)])(
    'asks for no tag %j',
    async (text) => {
      const { repository, requests } = peer(() => answer(200))
      expect((await failureFields(repository.resolve({ ...tag, tag: text })))['name']).toBe('TypeError')
      expect(requests).toHaveLength(0)
    },
  )

  it.each(['a/../b', '../b', 'a//b', 'A', 'a b', 'a\r\nb', 'a?x', 'a#x', 'a%2fb', '', 'x'.repeat(256)])(
    'addresses no repository %j',
    (path) => {
      const client = createRegistryClient({ http: async () => answer(200) })
      expect(() => client.repository({ domain: 'registry.example', path })).toThrow(TypeError)
    },
  )

  it.each(['a b', 'a/b', 'u@h', 'h?x', 'h#x', 'h\r\nX: 1', 'h:99999', '', 'h%41', 'H.example\\x'])(
    'addresses no registry %j',
    (domain) => {
      const client = createRegistryClient({ http: async () => answer(200) })
      expect(() => client.repository({ domain, path: 'repo' })).toThrow(TypeError)
    },
  )

  it('does not look up the references of another repository', async () => {
    const { repository, requests } = peer(() => answer(200))
    await expect(repository.resolve({ ...tag, path: 'other' })).rejects.toThrow(TypeError)
    await expect(repository.resolve({ ...tag, domain: 'other.example' })).rejects.toThrow(TypeError)
    expect(requests).toHaveLength(0)
  })
})

describe('resolve()', () => {
  const head = { ...named, 'content-length': String(bytes.length) }

  it('asks by HEAD alone when it says everything', async () => {
    const { repository, requests } = peer(() => answer(200, head))
    expect(await repository.resolve(tag)).toEqual({
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: bytes.length,
    })
    expect(requests.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it.each([
    ['no digest', { ...head, 'docker-content-digest': '' }],
    ['an odd digest', { ...head, 'docker-content-digest': 'sha256:../../x' }],
    ['no type', { ...head, 'content-type': '' }],
    ['no length', { ...head, 'content-length': '' }],
    ['a length that cannot be', { ...head, 'content-length': '-1' }],
  ])('asks by GET when HEAD gives %s', async (_, headers) => {
    const { repository, requests } = peer(({ method }) =>
      method === 'HEAD' ? answer(200, headers) : answer(200, named, bytes),
    )
    expect((await repository.resolve(tag)).digest).toBe(manifest.digest)
    expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })

  it.each([400, 401, 403, 404, 405, 406, 429, 500, 501, 502, 503, 504])(
    'asks by GET when HEAD is answered with %i, and takes digest and size of its bytes',
    async (status) => {
      const { repository, requests } = peer(({ method }) =>
        method === 'HEAD'
          ? answer(status, { ...head, 'docker-content-digest': image.config.digest })
          : answer(200, { 'content-type': manifest.mediaType }, bytes),
      )
      const { mediaType, digest, size } = manifest
      expect(await repository.resolve(tag)).toEqual({ mediaType, digest, size })
      expect(requests.filter(({ method, url }) => method === 'GET' && url.includes('/manifests/'))).toHaveLength(1)
    },
  )

  it('refuses wrong bytes when HEAD is refused', async () => {
    const { repository } = peer(({ method }) => (method === 'HEAD' ? answer(500) : answer(200, named, '{"a":1}')))
    expect(await failureFields(repository.resolve({ ...tag, digest: manifest.digest }))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  it('says of bytes that were damaged on their way that their digest is another', async () => {
    const { repository } = peer(({ method }) => (method === 'HEAD' ? answer(500) : answer(200, named, '{"a":1}')))
    expect(await failureFields(repository.resolve(tag))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
      expected: manifest.digest,
    })
  })

  it.each([
    [429, 'TOOMANYREQUESTS', 'ERR_REGISTRY_RATE_LIMITED'],
    [503, 'UNAVAILABLE', 'ERR_REGISTRY'],
    [403, 'DENIED', 'ERR_REGISTRY_DENIED'],
  ])('fails with the words of GET when HEAD is answered with %i', async (status, words, code) => {
    const { repository, requests } = peer(({ method }) =>
      method === 'HEAD' ? answer(status, { 'retry-after': '7' }) : refusal(status, words, { 'retry-after': '7' }),
    )
    expect(await failureFields(repository.resolve(tag))).toMatchObject({ code, said: `it is ${words}`, status })
    expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })

  it('refuses another digest than the one asked for', async () => {
    const { repository } = peer(() => answer(200, { ...head, 'docker-content-digest': image.config.digest }))
    expect(await failureFields(repository.resolve({ ...tag, digest: manifest.digest }))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  it("keeps the registry's code for what is not there", async () => {
    const { repository } = peer(() => refusal(404, 'NAME_UNKNOWN'))
    const error = await failureFields(repository.resolve(tag))
    expect(error).toMatchObject({ code: 'ERR_NAME_NOT_FOUND', reference: 'registry.example/repo:v1' })
    expect(error['cause']).toMatchObject({ codes: ['NAME_UNKNOWN'], status: 404 })
  })
})

describe('fetch() of manifests', () => {
  it('uses the path of manifests, with the type of the descriptor when it is unknown to Accept', async () => {
    const { repository, requests } = peer(() => answer(200, named, bytes))
    const index: Descriptor = { ...manifest, mediaType: MEDIA_TYPES.ociIndex }
    for (const what of [manifest, index]) await listOf(repository.fetch(what))
    expect(
      requests.every(({ url, headers }) => url.includes('/manifests/sha256:') && headers['accept'] !== undefined),
    ).toBe(true)
  })
})
