import { encodeText } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, signSchema1 } from '@drayage/manifest'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { createRegistryHandler, type RegistryHandlerOptions } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { codeOf, createTestClient, type Reply, type TestClient } from '../test/client.ts'

const start = (options: Partial<RegistryHandlerOptions> = {}): TestClient =>
  createTestClient(createRegistryHandler({ storage: createMemoryStorage(), ...options }))

async function withBlobs(options?: Partial<RegistryHandlerOptions>): Promise<[TestClient, TestImage]> {
  const client = start(options)
  const image = await buildImage()
  await client.pushBlob('a', image.configBytes)
  for (const { bytes } of image.layers) await client.pushBlob('a', bytes)
  return [client, image]
}

/** Puts a manifest into the repository `a`. */
const put = (client: TestClient, name: string, body: Uint8Array | string, type = MEDIA_TYPES.ociManifest as string) =>
  client.send('PUT', `/v2/a/manifests/${name}`, { headers: { 'content-type': type }, body })

const tagsOf = async (client: TestClient): Promise<unknown> =>
  JSON.parse((await client.send('GET', '/v2/a/tags/list')).text).tags

const refusal = (reply: Reply): unknown[] => [reply.status, codeOf(reply)]

describe('PUT of a manifest with tags as parameters', () => {
  test('gives all of them, and names them in the answer', async () => {
    const [client, image] = await withBlobs()
    const { digest } = image.manifest
    const reply = await put(client, `${digest}?tag=1.2&tag=1&tag=latest&tag=1`, image.manifestBytes)
    expect([reply.status, reply.headers['oci-tag'], reply.headers['docker-content-digest']]).toEqual([
      ...[201, '1.2, 1, latest', digest],
    ])
    expect(await tagsOf(client)).toEqual(['1', '1.2', 'latest'])
    for (const tag of ['1', '1.2', 'latest']) {
      expect((await client.send('GET', `/v2/a/manifests/${tag}`)).bytes).toEqual(image.manifestBytes)
    }
    expect((await put(client, digest, image.manifestBytes)).headers['oci-tag']).toBeUndefined()
  })

  test('beside the tag of the path', async () => {
    const [client, image] = await withBlobs()
    const reply = await put(client, '1?tag=2', image.manifestBytes)
    expect([reply.status, reply.headers['oci-tag'], await tagsOf(client)]).toEqual([201, '2', ['1', '2']])
  })

  test('takes a hundred, and nothing of more, of what is no tag, or of another digest', async () => {
    const [client, image] = await withBlobs()
    const { digest } = image.manifest
    const tags = Array.from({ length: 101 }, (_, at) => `tag=v${at}`)
    expect(refusal(await put(client, `${digest}?${tags.join('&')}`, image.manifestBytes))).toEqual([414, 'TAG_INVALID'])
    for (const tag of ['', '-x', 'a/b', 'x'.repeat(129), 'é']) {
      const reply = await put(client, `${digest}?tag=ok&tag=${encodeURIComponent(tag)}`, image.manifestBytes)
      expect([tag, ...refusal(reply)]).toEqual([tag, 400, 'TAG_INVALID'])
    }
    const other = `${image.config.digest}?tag=ok`
    expect(refusal(await put(client, other, image.manifestBytes))).toEqual([400, 'DIGEST_INVALID'])
    expect((await client.send('HEAD', `/v2/a/manifests/${digest}`)).status).toBe(404)
    const reply = await put(client, `${digest}?${tags.slice(1).join('&')}`, image.manifestBytes)
    expect([reply.status, await tagsOf(client)]).toEqual([201, expect.objectContaining({ length: 100 })])
  })

  test('makes them stand for a digest by sha512, which a tag may have as its parameter too', async () => {
    const [client, image] = await withBlobs()
    const digest = digestOf(image.manifestBytes, 'sha512')
    expect((await put(client, `${digest}?tag=1`, image.manifestBytes)).status).toBe(201)
    expect((await put(client, `2?digest=${digest}`, image.manifestBytes)).status).toBe(201)
    for (const tag of ['1', '2']) {
      const reply = await client.send('HEAD', `/v2/a/manifests/${tag}`)
      expect([tag, reply.status, reply.headers['docker-content-digest']]).toEqual([tag, 200, digest])
    }
    const { digest: wrong } = image.config
    expect(refusal(await put(client, `3?digest=${wrong}`, image.manifestBytes))).toEqual([400, 'DIGEST_INVALID'])
    const twice = `${digest}?digest=${image.manifest.digest}`
    expect(refusal(await put(client, twice, image.manifestBytes))).toEqual([400, 'DIGEST_INVALID'])
  })
})

test('a manifest with a type that says nothing is what it says itself', async () => {
  const [client, image] = await withBlobs()
  for (const type of ['application/json', 'application/octet-stream', 'text/plain; charset=utf-8', '']) {
    expect([type, (await put(client, '1', image.manifestBytes, type)).status]).toEqual([type, 201])
    const got = await client.send('GET', '/v2/a/manifests/1')
    expect([got.headers['content-type'], got.bytes]).toEqual([image.manifest.mediaType, image.manifestBytes])
  }
})

describe('a manifest whose content is not all here', () => {
  test('is refused, unless the registry takes sparse ones', async () => {
    for (const sparse of [false, true]) {
      const [client, image] = await withBlobs({ sparse })
      const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
      expect((await put(client, image.manifest.digest, image.manifestBytes)).status).toBe(201)
      const index = buildIndex([image, arm])
      for (const [name, bytes, type] of [
        ['index', index.manifestBytes, index.manifest.mediaType],
        ['image', arm.manifestBytes, arm.manifest.mediaType],
      ] as const) {
        const reply = await put(client, name, bytes, type)
        if (!sparse) expect([name, ...refusal(reply)]).toEqual([name, 400, 'MANIFEST_BLOB_UNKNOWN'])
        else expect((await client.send('GET', `/v2/a/manifests/${name}`)).bytes).toEqual(bytes)
      }
    }
  })

  test.each([
    ['of a nondistributable type', { mediaType: MEDIA_TYPES.ociForeignLayerGzip }],
    ['of a foreign type with URLs', { mediaType: MEDIA_TYPES.dockerForeignLayer, urls: ['https://mcr.example/l'] }],
    ['of any type with URLs', { mediaType: MEDIA_TYPES.ociLayerGzip, urls: ['https://mcr.example/l'] }],
  ])('is taken when that is a layer %s', async (_, layer) => {
    const [client, image] = await withBlobs()
    const layers = [...image.layers.map(({ descriptor }) => descriptor), { ...layer, digest: digestOf('far'), size: 9 }]
    const { mediaType } = image.manifest
    const body = JSON.stringify({ schemaVersion: 2, mediaType, config: image.config, layers })
    expect((await put(client, '1', body, mediaType)).status).toBe(201)
    expect((await client.send('GET', '/v2/a/manifests/1')).text).toBe(body)
    const local = body.replaceAll(layer.mediaType, MEDIA_TYPES.ociLayerGzip).replace(/,"urls":\[[^\]]*\]/, '')
    expect(refusal(await put(client, '2', local, mediaType))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
  })
})

describe('schema 1', () => {
  const payloadOf = (blobSum: string): Uint8Array => {
    const document = {
      schemaVersion: 1,
      name: 'a',
      tag: '1',
      architecture: 'amd64',
      fsLayers: [{ blobSum }],
      history: [{ v1Compatibility: '{"id":"1"}' }],
    }
    return encodeText(JSON.stringify(document, null, 3))
  }

  test('that is signed is taken by the digest of its payload, and served with its signatures', async () => {
    const client = start()
    const blobSum = await client.pushBlob('a', 'layer')
    const payload = payloadOf(blobSum)
    const signed = await signSchema1(payload)
    const digest = digestOf(payload)
    for (const name of ['1', digest, `${digest}?tag=2`]) {
      const reply = await put(client, name, signed, MEDIA_TYPES.schema1Signed)
      expect([name, reply.status, reply.headers['docker-content-digest']]).toEqual([name, 201, digest])
    }
    for (const name of ['1', '2', digest]) {
      const got = await client.send('GET', `/v2/a/manifests/${name}`)
      expect([got.status, got.headers['docker-content-digest'], got.headers['content-type'], got.bytes]).toEqual([
        ...[200, digest, MEDIA_TYPES.schema1Signed, signed],
      ])
      const head = await client.send('HEAD', `/v2/a/manifests/${name}`)
      expect([head.status, head.headers['content-length']]).toEqual([200, String(signed.byteLength)])
    }
    expect((await client.send('DELETE', `/v2/a/manifests/${digest}`)).status).toBe(202)
    for (const name of ['1', '2', digest, digestOf(signed)]) {
      expect((await client.send('GET', `/v2/a/manifests/${name}`)).status).toBe(404)
    }
  })

  test('that is not signed, or put by the digest of all its bytes, has the digest of its bytes', async () => {
    const client = start()
    const payload = payloadOf(await client.pushBlob('a', 'layer'))
    const signed = await signSchema1(payload)
    const plain = await put(client, '1', payload, MEDIA_TYPES.schema1)
    expect([plain.status, plain.headers['docker-content-digest']]).toEqual([201, digestOf(payload)])
    const whole = await put(client, digestOf(signed), signed, MEDIA_TYPES.schema1Signed)
    expect([whole.status, whole.headers['docker-content-digest']]).toEqual([201, digestOf(signed)])
  })

  test('without its layers, with a damaged signature, or where it is not wanted, is refused', async () => {
    const client = start()
    const payload = payloadOf(await client.pushBlob('a', 'layer'))
    const signed = await signSchema1(payload)
    const missing = await signSchema1(payloadOf(digestOf('none')))
    expect(refusal(await put(client, '1', missing, MEDIA_TYPES.schema1Signed))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
    const damaged = new TextDecoder().decode(signed).replace(/"protected": "[^"]*"/, '"protected": "e30"')
    expect(refusal(await put(client, '1', damaged, MEDIA_TYPES.schema1Signed))).toEqual([400, 'MANIFEST_INVALID'])
    const without = start({ schema1: false, sparse: true })
    for (const [bytes, type] of [
      [signed, MEDIA_TYPES.schema1Signed],
      [payload, MEDIA_TYPES.schema1],
    ] as const) {
      expect(refusal(await put(without, '1', bytes, type))).toEqual([400, 'MANIFEST_INVALID'])
    }
  })
})
