import { createMemoryStore } from '@drayage/content'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, type TestImage } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { copy, pull } from '../index.ts'
import { failure } from '../test/failure.ts'
import { flipByte, onBlob, refusal, testRegistry, withBody } from '../test/test-registry.ts'
import { testStore, visible } from '../test/test-store.ts'

const NAME = parseReference('registry.test/repo:v1')
const retry = { attempts: 1, stepMs: 0 }
const platform = { os: 'linux', architecture: 'amd64' }

/** An image whose manifest gives other types to its config and layer. */
async function artifact(configType: string, layerType: string): Promise<TestImage> {
  const { config, layers } = await buildImage()
  const listed: Descriptor[] = layers.map(({ descriptor }) => ({ ...descriptor, mediaType: layerType }))
  return await buildImage({ manifest: { config: { ...config, mediaType: configType }, layers: listed } })
}

const IN_TOTO = 'application/vnd.in-toto+json'

describe('an artifact that is pulled by name is kept as content', () => {
  test.each([
    ['an in-toto attestation', MEDIA_TYPES.ociConfig, IN_TOTO],
    ['an in-toto attestation of Docker', MEDIA_TYPES.dockerConfig, IN_TOTO],
    ['a cosign signature', MEDIA_TYPES.ociConfig, 'application/vnd.dev.cosign.simplesigning.v1+json'],
    ['a signed attestation', MEDIA_TYPES.ociConfig, 'application/vnd.dsse.envelope.v1+json'],
    ['an SBOM', MEDIA_TYPES.ociConfig, 'text/spdx+json'],
    ['a WebAssembly module', MEDIA_TYPES.ociConfig, 'application/vnd.module.wasm.content.layer.v1+wasm'],
    ['another WebAssembly module', 'application/vnd.wasm.config.v0+json', 'application/wasm'],
    ['a Helm chart', 'application/vnd.cncf.helm.config.v1+json', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'],
    ['a plugin of Docker Engine', MEDIA_TYPES.dockerPluginConfig, MEDIA_TYPES.dockerLayerGzip],
    ['a build cache', 'application/vnd.buildkit.cacheconfig.v0', MEDIA_TYPES.ociLayerGzip],
    ['an artifact', MEDIA_TYPES.ociEmpty, 'application/vnd.example.thing'],
    ['an artifact with the config of an image', MEDIA_TYPES.ociConfig, 'application/vnd.oci.images_are_fun'],
  ])('%s: %s, %s', async (_, configType, layerType) => {
    const image = await artifact(configType, layerType)
    const { digest } = image.manifest
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const pulled = await pull(registry.client, store, NAME, { platform, retry })
    expect(pulled).toMatchObject({ digest, manifest: { digest }, images: [], upToDate: false })
    expect(pulled.image).toBeUndefined()
    expect(await visible(store.blobs)).toEqual(new Set(image.blobs.keys()))
    expect(store.kept).toEqual(new Set(image.blobs.keys()))
    const { config, layers } = image.manifestValue
    expect(store.targets.get(digest)).toMatchObject({ target: { digest }, manifests: new Set() })
    expect(store.targets.get(digest)?.others.get(digest)?.parts).toEqual([config, ...layers])
    expect([store.imagesById.size, store.layersByChain.size, store.measuring()]).toEqual([0, 0, 0])
    expect([...store.names.keys()]).toEqual([`registry.test/repo@${digest}`, 'registry.test/repo:v1'])
    registry.requests.length = 0
    expect(await pull(registry.client, store, NAME, { platform, retry })).toMatchObject({ upToDate: true })
    expect(registry.blobRequests()).toEqual([])
  })

  test('a part that is listed twice, and a config that is a layer too, come once', async () => {
    const { config, layers } = await buildImage()
    const [layer] = layers
    if (layer === undefined) throw new Error('no layer')
    const parts = [layer.descriptor, config, layer.descriptor].map((each) => ({ ...each, mediaType: IN_TOTO }))
    const image = await buildImage({ manifest: { config: { ...config, mediaType: 'a/b' }, layers: parts } })
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    await pull(registry.client, store, NAME, { platform, retry })
    expect(registry.blobRequests().toSorted()).toEqual(
      [config, layer.descriptor].map(({ digest }) => `GET /v2/repo/blobs/${digest}`).toSorted(),
    )
    expect(store.targets.get(image.manifest.digest)?.others.get(image.manifest.digest)?.parts).toHaveLength(2)
  })

  test('nothing of it is visible when a part is missing or wrong', async () => {
    const image = await artifact(MEDIA_TYPES.ociEmpty, 'application/vnd.example.thing')
    const [layer] = image.manifestValue.layers
    if (layer === undefined) throw new Error('no layer')
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    for (const fault of [
      onBlob(layer, () => refusal(404, 'BLOB_UNKNOWN')),
      onBlob(layer, (response) => withBody(response, (body) => flipByte(body, 3))),
    ]) {
      registry.fault = fault
      const error = await failure(pull(registry.client, store, NAME, { platform, retry }))
      expect(error).toMatchObject({ code: 'ERR_TRANSFER', side: 'source' })
      expect([store.names.size, store.targets.size]).toEqual([0, 0])
    }
  })
})

test('an artifact is copied to a place of content as well', async () => {
  const image = await artifact(MEDIA_TYPES.ociConfig, IN_TOTO)
  const registry = await testRegistry(['repo', 'v1', image])
  const sink = createMemoryStore()
  const copied = await copy(registry.client.repository(NAME), sink, { from: NAME, to: NAME }, { retry })
  expect(copied.digest).toBe(image.manifest.digest)
  expect(await visible(sink)).toEqual(new Set(image.blobs.keys()))
})

test.each([
  '',
  'application/octet-stream',
  'application/json',
  'text/html',
  'APPLICATION/VND.OCI.IMAGE.LAYER.V1.TAR+GZIP',
])('a layer of an image may have the type %j, which registries guessed', async (layerType) => {
  const image = await artifact(MEDIA_TYPES.dockerConfig, layerType)
  const registry = await testRegistry(['repo', 'v1', image])
  const pulled = await pull(registry.client, testStore(), NAME, { platform, retry })
  expect(pulled.image).toBe(image.imageId)
})
