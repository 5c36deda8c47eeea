import { buildImage, buildIndex, randomBytes, tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { bytesOnce, imageManifests } from './image-manifests.ts'
import { listImages } from './list-images.ts'
import { diskUsage } from './disk-usage.ts'
import { pullImage } from './pull-image.ts'

const shared = [{ path: 'shared', content: randomBytes(1, 3000) }]
const [amd64, arm64] = await Promise.all(
  ['amd64', 'arm64'].map((architecture) =>
    buildImage({
      layers: [shared, [{ path: architecture, content: randomBytes(2, 2000) }]],
      platform: { os: 'linux', architecture },
    }),
  ),
)
if (amd64 === undefined || arm64 === undefined) throw new Error('Cannot test: no images')
const contentOf = ({ manifest, config, layers }: typeof amd64): number =>
  manifest.size + config.size + layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0)

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  test('imageManifests() lists what an index has, in its order, and what of it is here', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const index = buildIndex([arm64, amd64], { attested: true })
    await pullImage(runtime, await registry.push('app', '1', index))
    const found = await imageManifests(await runtime.openStore(), index.manifest)
    const listed = index.manifestValue.manifests
    expect(found.map(({ descriptor }) => descriptor)).toEqual(listed)
    expect(found.map(({ kind: each, isAvailable }) => [each, isAvailable])).toEqual([
      ['image', false],
      ['image', true],
      ['attestation', false],
      ['attestation', true],
    ])
    expect(found.map(({ platform }) => platform?.architecture)).toEqual(['arm64', 'amd64', undefined, undefined])
    expect(found.map(({ about }) => about)).toEqual([
      undefined,
      undefined,
      arm64.manifest.digest,
      amd64.manifest.digest,
    ])
    expect(found.map(({ content }) => bytesOnce(content))).toEqual([0, contentOf(amd64), 0, expect.any(Number)])
  })

  test('imageManifests() goes into an index within the index, and counts a shared layer for each image', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const index = buildIndex([buildIndex([amd64]), arm64])
    const platforms = [amd64.platform, arm64.platform]
    await pullImage(runtime, await registry.push('app', '1', index), { platforms })
    const found = await imageManifests(await runtime.openStore(), index.manifest)
    expect(found.map(({ descriptor }) => descriptor.digest)).toEqual([amd64.manifest.digest, arm64.manifest.digest])
    expect(found.map(({ content }) => bytesOnce(content))).toEqual([contentOf(amd64), contentOf(arm64)])
    const once = contentOf(amd64) + contentOf(arm64) - (amd64.layers[0]?.descriptor.size ?? 0)
    expect(bytesOnce(found.flatMap(({ content }) => content))).toBe(once)
    expect(await listImages(runtime, { sizeOf: 'content' })).toMatchObject([{ Size: once }])
  })

  test('imageManifests() tells an artifact from an image, and gives an image without an index its own platform', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const config = { ...amd64.config, mediaType: 'application/x.chart' }
    const artifact = await buildImage({ layers: amd64.layers, config: amd64.configValue, manifest: { config } })
    for (const [tag, image] of Object.entries({ artifact, amd64 })) {
      await pullImage(runtime, await registry.push('app', tag, image))
    }
    const store = await runtime.openStore()
    expect(await imageManifests(store, artifact.manifest)).toMatchObject([{ kind: 'unknown', isAvailable: true }])
    expect(await imageManifests(store, amd64.manifest)).toMatchObject([{ kind: 'image', platform: amd64.platform }])
  })

  test('diskUsage() counts stored bytes: what images have alone is never more than all of it', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const zeros = await buildImage({ layers: [shared, [{ path: 'zeros', content: new Uint8Array(100_000) }]] })
    for (const [tag, image] of Object.entries({ amd64, zeros })) {
      await pullImage(runtime, await registry.push('app', tag, image))
    }
    const { LayersSize, Images } = await diskUsage(runtime)
    const layer = amd64.layers[0]?.descriptor.size
    expect(Images.map(({ Size, SharedSize }) => [Size, SharedSize])).toEqual(
      expect.arrayContaining([
        [contentOf(amd64), layer],
        [contentOf(zeros), layer],
      ]),
    )
    const alone = Images.reduce((sum, { Size, SharedSize }) => sum + Size - SharedSize, 0)
    expect(LayersSize).toBe(alone + (layer ?? 0))
  })
})
