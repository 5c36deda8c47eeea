import { collect, fromBytes } from '@drayage/bytes'
import { createMemoryStore, writeBlob, type HttpRequest, type HttpResponse, type MemoryStore } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { decodeManifest, MEDIA_TYPES, SCHEMA1_EMPTY_LAYER } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pushSchema1, type DistributionEvent } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { refusal, testRegistry, type TestRegistry } from '../test/test-registry.ts'

const to = parseReference('registry.test/team/app:v1')
const retry = { attempts: 5, stepMs: 0 }

async function stored(image: TestImage | TestIndex): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of image.blobs) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

/** A registry that knows schema 1, whose manifests it keeps by path; its first answers to them are failures. */
async function schema1Registry(
  failures: number = 0,
  refused: () => HttpResponse = () => refusal(503, 'UNAVAILABLE'),
): Promise<{ readonly registry: TestRegistry; readonly manifests: Map<string, Uint8Array> }> {
  const registry = await testRegistry()
  const manifests = new Map<string, Uint8Array>()
  let left = failures
  registry.fault = (request) => {
    if (request.method !== 'PUT' || !request.url.includes('/manifests/')) return undefined
    return left-- > 0 ? Promise.resolve(refused()) : take(request)
  }
  const take = async (request: HttpRequest): Promise<HttpResponse> => {
    const bytes = await collect(request.body ?? fromBytes(), { maxBytes: 2 ** 22 })
    manifests.set(request.url.replace(/.*\//, ''), bytes)
    const { descriptor } = decodeManifest(bytes)
    return { status: 201, headers: { 'docker-content-digest': descriptor.digest }, body: fromBytes() }
  }
  return { registry, manifests }
}

describe('pushSchema1()', () => {
  test('brings the layers, the empty one among them, and a signed manifest with the name in it', async () => {
    const history = [{ created_by: 'a' }, { created_by: 'b', empty_layer: true }]
    const image = await buildImage({ layers: [await noiseLayer(1, 3000)], config: { history } })
    const { registry, manifests } = await schema1Registry()
    const sink = registry.client.repository(to)
    const events: DistributionEvent[] = []
    const onEvent = (event: DistributionEvent): number => events.push(event)
    const pushed = await pushSchema1(await stored(image), sink, { from: image.manifest, to }, { retry, onEvent })
    expect(pushed.mediaType).toBe(MEDIA_TYPES.schema1Signed)
    expect([...manifests.keys()]).toEqual([pushed.digest, 'v1'])
    const signed = manifests.get('v1') ?? new Uint8Array()
    expect(manifests.get(pushed.digest)).toEqual(signed)
    const manifest = decodeManifest(signed, { digest: pushed.digest, mediaType: pushed.mediaType })
    if (manifest.kind !== 'schema1') throw new Error(manifest.kind)
    expect(digestOf(manifest.bytes)).toBe(pushed.digest)
    expect(manifest.isSigned).toBe(true)
    expect(manifest.value).toMatchObject({ name: 'team/app', tag: 'v1' })
    for (const { blobSum } of manifest.value.fsLayers) {
      const size =
        blobSum === SCHEMA1_EMPTY_LAYER.digest ? SCHEMA1_EMPTY_LAYER.size : (image.layers[0]?.descriptor.size ?? 0)
      expect(await sink.has({ mediaType: MEDIA_TYPES.dockerLayerGzip, digest: blobSum, size })).toBe(true)
    }
    expect(events[0]).toEqual({ type: 'pushing', repository: 'registry.test/team/app' })
    expect(events.at(-1)).toEqual({ type: 'pushed', tag: 'v1', digest: pushed.digest, size: pushed.size })
  })

  test('refuses an index, a digest as target, and layers in zstd', async () => {
    const sink = (await testRegistry()).client.repository(to)
    const zstd = await buildImage({ compression: 'zstd' })
    const index = buildIndex([zstd])
    const source = await stored(index)
    expect(codesOf(await failure(pushSchema1(source, sink, { from: index.manifest, to })))).toEqual([
      'ERR_NOT_AN_IMAGE',
    ])
    expect(codesOf(await failure(pushSchema1(source, sink, { from: zstd.manifest, to })))).toEqual([
      'ERR_MANIFEST_CONVERSION',
    ])
    const byDigest = { ...to, digest: zstd.manifest.digest }
    await expect(pushSchema1(source, sink, { from: zstd.manifest, to: byDigest })).rejects.toThrow(RangeError)
  })

  test('tries again what can pass, and fails as the registry says', async () => {
    const image = await buildImage()
    const { registry, manifests } = await schema1Registry(2)
    const sink = registry.client.repository(to)
    await pushSchema1(await stored(image), sink, { from: image.manifest, to }, { retry })
    expect(manifests.size).toBe(2)
    registry.fault = (request) =>
      request.method === 'PUT' && request.url.includes('/manifests/')
        ? Promise.resolve(refusal(400, 'MANIFEST_INVALID'))
        : undefined
    const error = await failure(pushSchema1(await stored(image), sink, { from: image.manifest, to }, { retry }))
    expect(error).toMatchObject({ code: 'ERR_TRANSFER', side: 'sink', operation: 'store' })
  })

  test('puts the manifest again when the registry does not see a layer yet', async () => {
    const image = await buildImage({ layers: [await noiseLayer(1, 3000)] })
    const unseen = (): HttpResponse => refusal(400, ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'])
    const { registry, manifests } = await schema1Registry(2, unseen)
    const sink = registry.client.repository(to)
    const pushed = await pushSchema1(await stored(image), sink, { from: image.manifest, to }, { retry })
    expect([...manifests.keys()]).toEqual([pushed.digest, 'v1'])
  })
})
