import { MEDIA_TYPES } from '@drayage/manifest'
import { buildImage, describe as describeBytes, layerFromTar } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pull, type PullOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { testRegistry } from '../test/test-registry.ts'
import { testStore } from '../test/test-store.ts'

const options: PullOptions = { platform: { os: 'linux', architecture: 'amd64' }, retry: { attempts: 5, stepMs: 0 } }

describe('pull() accepts no image that contradicts itself', () => {
  test('an altered DiffID: no layer is registered and no image is named', async () => {
    const layers = [await noiseLayer(1, 100), await noiseLayer(2, 100)] as const
    const diffIds = [layers[0].diffId, layers[0].diffId]
    const image = await buildImage({ layers, config: { rootfs: { type: 'layers', diff_ids: diffIds } } })
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
    expect(error).toMatchObject({ name: 'ImageMismatchError', code: 'ERR_IMAGE_MISMATCH' })
    expect(error.message).toBe(
      `Cannot accept image ${image.manifest.digest}: layers from manifest don't match image configuration: found DiffID ${layers[1].diffId} of layer ${layers[1].descriptor.digest}, expected ${layers[0].diffId}`,
    )
    expect([store.layersByChain.size, store.imagesById.size, store.names.size]).toEqual([0, 0, 0])
  })

  test('more layers than DiffIDs', async () => {
    const layers = [await noiseLayer(1, 100), await noiseLayer(2, 100)] as const
    const rootfs = { type: 'layers', diff_ids: [layers[0].diffId] } as const
    const image = await buildImage({ layers, config: { rootfs, history: [] } })
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
    expect(codesOf(error)).toEqual(['ERR_LAYER_COUNT'])
    expect([store.layersByChain.size, store.names.size]).toEqual([0, 0])
  })

  test('a layer that does not inflate is told as a layer of the source', async () => {
    const tar = await noiseLayer(1, 100)
    const bytes = tar.bytes.slice(0, 60)
    const broken = { ...tar, bytes, descriptor: describeBytes(tar.descriptor.mediaType, bytes) }
    const image = await buildImage({ layers: [broken] })
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
    expect(error).toMatchObject({ code: 'ERR_TRANSFER', side: 'source', operation: 'verify' })
    expect(error.message).toContain(`Cannot verify layer ${broken.descriptor.digest} from the source: `)
    expect(store.names.size).toBe(0)
  })

  test('more than 125 layers, before any of them is fetched', async () => {
    const layers = Array.from({ length: 126 }, (_, index) => layerFromTar(new TextEncoder().encode(`layer ${index}`)))
    const image = await buildImage({ layers })
    const registry = await testRegistry(['repo', 'v1', image])
    const error = await failure(pull(registry.client, testStore(), 'registry.test/repo:v1', options))
    expect(error.message).toBe(
      `Cannot accept image ${image.manifest.digest}: too many layers: found 126, expected at most 125`,
    )
    expect(registry.blobRequests()).toEqual([])
  })

  test.each([
    ['windows', 'windows', 'linux', false],
    ['a system that does not exist', 'dreamos', 'linux', false],
    ['linux that was asked for as plan9', 'linux', 'plan9', true],
  ])('an image for %s, where all must be for linux', async (_, os, asked, isAsked) => {
    const registry = await testRegistry(['repo', 'v1', await buildImage({ platform: { os, architecture: 'amd64' } })])
    const store = testStore()
    const platform = { os: asked, architecture: 'amd64' }
    const pulled = pull(registry.client, store, 'registry.test/repo:v1', { ...options, platform, system: 'linux' })
    const system = isAsked ? asked : os
    expect(await failure(pulled)).toMatchObject({ code: 'ERR_SYSTEM_UNSUPPORTED', system, wanted: 'linux', isAsked })
    expect([store.layersByChain.size, store.imagesById.size, store.names.size]).toEqual([0, 0, 0])
    await pull(registry.client, store, 'registry.test/repo:v1', { ...options, platform })
    expect(store.names.size).toBe(2)
  })

  test.each(['Linux', 'linux', ''])('an image for the system %j is for linux', async (os) => {
    const registry = await testRegistry(['repo', 'v1', await buildImage({ config: { os } })])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo:v1', { ...options, system: 'linux' })
    expect(store.names.size).toBe(2)
  })

  test('125 layers are accepted', async () => {
    const layers = Array.from({ length: 125 }, (_, index) => layerFromTar(new TextEncoder().encode(`layer ${index}`)))
    const registry = await testRegistry(['repo', 'v1', await buildImage({ layers })])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo:v1', options)
    expect(store.layersByChain.size).toBe(125)
  })

  test('a manifest that is also an index', async () => {
    const image = await buildImage()
    const value: object = { ...image.manifestValue, manifests: [image.manifest] }
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    const manifest = describeBytes(image.manifest.mediaType, bytes)
    const registry = await testRegistry()
    await registry.storage.tags.set('repo', 'v1', manifest.digest)
    await registry.storage.manifests.link('repo', manifest)
    await using ingest = await registry.storage.content.begin(manifest.digest)
    await ingest.append(
      (async function* () {
        yield bytes
      })(),
    )
    await ingest.commit(manifest)
    const error = await failure(pull(registry.client, testStore(), 'registry.test/repo:v1', options))
    expect(codesOf(error)).toEqual(['ERR_MANIFEST_AMBIGUOUS'])
  })

  test('a layer with the digest of the config does not pass for the config', async () => {
    const image = await buildImage()
    const layer = { ...image.config, mediaType: MEDIA_TYPES.ociLayerGzip }
    const registry = await testRegistry(['repo', 'v1', await buildImage({ manifest: { layers: [layer] } })])
    const store = testStore()
    const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
    expect(codesOf(error)).toEqual(['ERR_IMAGE_MISMATCH'])
    expect(store.names.size).toBe(0)
  })

  test('a foreign layer is fetched from the registry, never from its URLs', async () => {
    const layer = await noiseLayer(1, 100)
    const foreign = { ...layer.descriptor, mediaType: MEDIA_TYPES.dockerForeignLayer, urls: ['http://127.0.0.1:9/x'] }
    const image = await buildImage({ layers: [layer], manifest: { layers: [foreign] } })
    const registry = await testRegistry(['repo', 'v1', image])
    await pull(registry.client, testStore(), 'registry.test/repo:v1', options)
    expect(registry.requests.every((line) => line.includes(' /v2/repo/'))).toBe(true)
    expect(registry.blobRequests()).toContain(`GET /v2/repo/blobs/${layer.descriptor.digest}`)
  })
})

test('a layer that is twice in an image is fetched once and registered at both places', async () => {
  const [base, other] = [await noiseLayer(1, 100), await noiseLayer(2, 100)]
  const registry = await testRegistry(['repo', 'v1', await buildImage({ layers: [base, other, base] })])
  const store = testStore()
  await pull(registry.client, store, 'registry.test/repo:v1', options)
  expect(registry.blobRequests()).toHaveLength(3)
  const digests = [base, other, base].map((layer) => layer.descriptor.digest)
  expect([...store.layersByChain.values()]).toEqual(digests)
})
