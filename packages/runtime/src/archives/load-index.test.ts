import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { encodeText } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, parsePlatform, type Descriptor } from '@drayage/manifest'
import { familiarReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  buildTar,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { pruneImages } from '../images/prune-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { sweepStore } from '../images/sweep-store.ts'
import { tagImage } from '../images/tag-image.ts'
import type { Runtime } from '../runtime.ts'
import { findFaults } from '../test/check-store.ts'
import { layoutArchive, layoutFiles, sparseBlobs, type LayoutArchiveParts } from '../test/layout-archive.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { loadImages, type LoadedImage, type LoadImagesOptions } from './load-images.ts'

const NAME = 'registry.test/app:1'
const AMD64 = parsePlatform('linux/amd64')
const ARM64 = parsePlatform('linux/arm64')
const ARM_V7 = parsePlatform('linux/arm/v7')

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime
  let amd64: TestImage
  let arm64: TestImage
  let armV7: TestImage
  /** Of these three, with an attestation of each. */
  let index: TestIndex

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    const base = await buildLayer([{ path: 'base', content: randomBytes('base', 5000) }])
    const build = (platform: typeof AMD64): Promise<TestImage> =>
      buildImage({ platform, layers: [base, [{ path: 'own', content: JSON.stringify(platform) }]] })
    ;[amd64, arm64, armV7] = [await build(AMD64), await build(ARM64), await build(ARM_V7)]
    index = buildIndex([amd64, arm64, armV7], { attested: true })
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    await runtime[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  async function load(parts: LayoutArchiveParts, options?: LoadImagesOptions): Promise<LoadedImage[]> {
    const file = path.join(directory.path, 'archive.tar')
    await writeFile(file, await layoutArchive(parts))
    return await loadImages(runtime, file, options)
  }

  /** The attestation of an image of the index. */
  const attestationOf = (image: TestImage): TestImage => {
    const at = [amd64, arm64, armV7].indexOf(image)
    const found = index.images[at + 3]
    if (found === undefined || 'images' in found) throw new Error('no attestation')
    return found
  }

  /** An archive as Docker Engine 29 saves it: of the index what is there, and one image in `manifest.json`. */
  const saved = (...present: readonly TestImage[]): LayoutArchiveParts => ({
    entries: [{ what: index.manifest, name: NAME }],
    blobs: sparseBlobs(index, present),
    listed: present.slice(0, 1).map((image) => ({ image, names: [NAME] })),
  })

  const withAttestations = (...images: readonly TestImage[]): TestImage[] =>
    images.flatMap((image) => [image, attestationOf(image)])

  /** Which images of the index the store has under a name, sorted, and how many attestations. */
  async function present(name = NAME): Promise<unknown[]> {
    const { images } = await runtime.openStore()
    const [stored] = (await images.find(name)).images
    return [...stored.platforms.map(({ platform: { architecture } }) => architecture).toSorted(), stored.others.length]
  }

  test('an archive of Docker Engine 29 brings all images of the index that it has, and the index', async () => {
    const loaded = await load(saved(...withAttestations(amd64, arm64)))
    expect(loaded).toEqual([
      {
        image: amd64.imageId,
        target: expect.objectContaining(index.manifest) as Descriptor,
        names: [expect.anything()],
        taken: [],
      },
    ])
    expect(loaded[0]?.names.map(familiarReference)).toEqual([NAME])
    expect(await present()).toEqual(['amd64', 'arm64', 2])
    expect(await inspectImage(runtime, NAME)).toMatchObject({ Id: amd64.imageId, Descriptor: index.manifest })
    expect(await inspectImage(runtime, NAME, { platform: ARM64 })).toMatchObject({ Descriptor: arm64.manifest })
    expect((await pruneImages(runtime)).removed).toEqual([])
    await expect(inspectImage(runtime, NAME, { platform: ARM_V7 })).rejects.toMatchObject({
      code: 'ERR_PLATFORM_NOT_FOUND',
    })
  })

  test('an image is told by the ID that the settings have', async () => {
    const view = { ...runtime, imageId: 'target' as const }
    const file = path.join(directory.path, 'archive.tar')
    await writeFile(file, await layoutArchive(saved(amd64, arm64)))
    expect((await loadImages(view, file)).map(({ image }) => image)).toEqual([index.manifest.digest])
  })

  test('an index without an image for this machine is loaded, with or without manifest.json', async () => {
    for (const listed of [[], undefined]) {
      const { entries, blobs } = saved(arm64, armV7)
      const loaded = await load({ entries, blobs, ...(listed && { listed }) })
      expect(loaded.map(({ image, target }) => [image, target.digest])).toEqual([
        [arm64.imageId, index.manifest.digest],
      ])
      expect(await present()).toEqual(['arm', 'arm64', 0])
    }
  })

  test('platforms choose images of an index, and one that the archive lacks is refused', async () => {
    const parts = saved(...withAttestations(amd64, arm64))
    await expect(load(parts, { platforms: [ARM64, ARM_V7] })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_/) as string,
    })
    expect(await listImages(runtime)).toEqual([])
    expect((await load(parts, { platforms: [ARM64] })).map(({ image }) => image)).toEqual([arm64.imageId])
    expect(await present()).toEqual(['arm64', 1])
    // What is here of the index stays.
    expect((await load(parts, { platforms: [AMD64] })).map(({ image }) => image)).toEqual([amd64.imageId])
    expect(await present()).toEqual(['amd64', 'arm64', 2])
    expect(await listImages(runtime)).toHaveLength(1)
  })

  test('several platforms are chosen at once', async () => {
    await load(saved(amd64, arm64, armV7), { platforms: [ARM_V7, ARM64] })
    expect(await present()).toEqual(['arm', 'arm64', 0])
  })

  test('an image of one platform for another one is refused', async () => {
    const parts = { entries: [{ what: arm64.manifest, name: NAME }], blobs: arm64.blobs }
    for (const listed of [undefined, [{ image: arm64, names: [NAME] }]]) {
      const archive = { ...parts, ...(listed && { listed }) }
      await expect(load(archive, { platforms: [AMD64] })).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
      expect((await load(archive, { platforms: [AMD64, ARM64] })).map(({ image }) => image)).toEqual([arm64.imageId])
    }
  })

  test('an attestation that the archive lists beside its image is no image', async () => {
    const subject = (image: TestImage) => ({
      what: attestationOf(image).manifest,
      annotations: { 'io.containerd.manifest.subject': image.manifest.digest },
    })
    const one = [{ what: arm64.manifest, name: NAME }, subject(arm64)]
    const blobs = new Map(withAttestations(arm64).flatMap((each) => [...each.blobs]))
    const alone = await load({ entries: one, blobs, listed: [{ image: arm64, names: [NAME] }] })
    expect(alone.map(({ target }) => target.digest)).toEqual([arm64.manifest.digest])
    const { entries, ...several } = saved(...withAttestations(amd64, arm64))
    const loaded = await load({ ...several, entries: [...entries, subject(amd64), subject(arm64)] })
    expect(loaded.map(({ target }) => target.digest)).toEqual([index.manifest.digest])
    expect(await present()).toEqual(['amd64', 'arm64', 2])
  })

  test('an index with several names is loaded once with all of them, and one without a name has none', async () => {
    const { blobs } = saved(amd64, arm64)
    const names = [NAME, 'registry.test/app:2']
    const entries = names.map((name) => ({ what: index.manifest, name }))
    for (const listed of [[{ image: amd64, names }], undefined]) {
      const loaded = await load({ entries, blobs, ...(listed && { listed }) })
      expect(loaded.map((one) => one.names.map(familiarReference))).toEqual([names])
    }
    await using other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
    const file = path.join(directory.path, 'nameless.tar')
    const nameless = { entries: [{ what: index.manifest }], blobs, listed: [{ image: amd64, names: [] }] }
    await writeFile(file, await layoutArchive(nameless))
    const loaded = await loadImages(other, file)
    expect(loaded.map(({ names: given, target }) => [given, target.digest])).toEqual([[[], index.manifest.digest]])
    expect(await listImages(other)).toMatchObject([{ RepoTags: [], RepoDigests: [] }])
  })

  test('an index that manifest.json does not know comes along, and its names do not take those that are known', async () => {
    const other = await buildImage({ config: { author: 'other' } })
    const blobs = new Map([...sparseBlobs(index, [arm64]), ...other.blobs])
    const entries = [
      { what: index.manifest, name: NAME },
      { what: index.manifest, name: 'registry.test/arm:1' },
      { what: other.manifest, name: NAME },
    ]
    const loaded = await load({ entries, blobs, listed: [{ image: other, names: [NAME] }] })
    expect(loaded.map(({ target, names }) => [target.digest, names.map(familiarReference)])).toEqual([
      [other.manifest.digest, [NAME]],
      [index.manifest.digest, ['registry.test/arm:1']],
    ])
  })

  test('an index of indexes, a layout and a directory are loaded as far as they are there', async () => {
    const outer = buildIndex([index])
    const nested = {
      entries: [{ what: outer.manifest, name: NAME }],
      blobs: new Map([...sparseBlobs(index, [arm64]), [outer.manifest.digest, outer.manifestBytes] as const]),
    }
    expect((await load(nested)).map(({ target }) => target.digest)).toEqual([outer.manifest.digest])
    expect(await present()).toEqual(['arm64', 1])
    const layout = path.join(directory.path, 'layout')
    for (const { path: name, content = '' } of layoutFiles(saved(amd64, armV7))) {
      await mkdir(path.dirname(path.join(layout, name)), { recursive: true })
      if (name !== 'manifest.json') await writeFile(path.join(layout, name), content)
    }
    await loadImages(runtime, layout)
    expect(await present()).toEqual(['amd64', 'arm', 0])
    const dir = path.join(directory.path, 'dir')
    await mkdir(dir)
    await writeFile(path.join(dir, 'version'), 'Directory Transport Version: 1.1\n')
    await writeFile(path.join(dir, 'manifest.json'), index.manifestBytes)
    for (const [digest, bytes] of arm64.blobs) {
      const isManifest = digest === arm64.manifest.digest
      await writeFile(path.join(dir, `${digest.slice(7)}${isManifest ? '.manifest.json' : ''}`), bytes)
    }
    expect(await loadImages(runtime, dir)).toMatchObject([{ target: index.manifest, names: [] }])
    expect(await present()).toEqual(['amd64', 'arm', 'arm64', 0])
  })

  test('an artifact is kept as content under its name', async () => {
    const config = encodeText('{}')
    const layer = encodeText('chart')
    const described = (mediaType: string, bytes: Uint8Array): Descriptor => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.byteLength,
    })
    const bytes = encodeText(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociManifest,
        config: described('application/vnd.cncf.helm.config.v1+json', config),
        layers: [described('application/vnd.cncf.helm.chart.content.v1.tar+gzip', layer)],
      }),
    )
    const what = described(MEDIA_TYPES.ociManifest, bytes)
    const blobs = new Map([config, layer, bytes].map((each) => [digestOf(each) as string, each]))
    const loaded = await load({ entries: [{ what, name: NAME }], blobs })
    expect(loaded).toMatchObject([{ image: what.digest, target: what }])
    await sweepStore(runtime)
    const { content } = await runtime.openStore()
    for (const each of blobs.values()) {
      expect(await content.has({ mediaType: 'x/y', digest: digestOf(each), size: each.byteLength })).toBe(true)
    }
    await expect(inspectImage(runtime, NAME)).rejects.toMatchObject({ code: 'ERR_NOT_AN_IMAGE' })
  })

  test.each(['manifest', 'config', 'layer'] as const)(
    'an index with a damaged %s leaves nothing that is seen',
    async (part) => {
      const [, own] = arm64.layers
      const digest = part === 'layer' ? own?.descriptor.digest : arm64[part].digest
      for (const listed of [[amd64], undefined]) {
        const { entries, ...others } = saved(amd64, arm64)
        const blobs = new Map(others.blobs)
        const bytes = Uint8Array.from(blobs.get(digest ?? '') ?? [])
        bytes[20] = (bytes[20] ?? 0) ^ 1
        blobs.set(digest ?? '', bytes)
        const parts = { entries, blobs, ...(listed && { listed: listed.map((image) => ({ image, names: [NAME] })) }) }
        await expect(load(parts)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) as string })
        expect(await listImages(runtime)).toEqual([])
        const { images } = await runtime.openStore()
        expect([await images.list(), await images.listNames()]).toEqual([[], []])
      }
    },
  )

  describe('a docker-archive of an image that is here in an index', () => {
    const pulled = async (): Promise<string> => {
      await using registry = await startRegistry()
      const name = await registry.push('app', '1', index)
      await pullImage(runtime, name)
      return name
    }
    const dockerArchive = async (image: TestImage, names: readonly string[]): Promise<LoadedImage[]> => {
      const file = path.join(directory.path, 'docker.tar')
      const item = { Config: 'c.json', RepoTags: names, Layers: image.layers.map((_, at) => `${at}.tar`) }
      await writeFile(
        file,
        await buildTar([
          ...image.layers.map(({ tar }, at) => ({ path: `${at}.tar`, content: tar })),
          { path: 'c.json', content: image.configBytes },
          { path: 'manifest.json', content: JSON.stringify([item]) },
        ]),
      )
      return await loadImages(runtime, file)
    }

    test('leaves a name where it stands for the index, and lets another one stand for the image', async () => {
      const name = await pulled()
      expect(await dockerArchive(amd64, [name, 'new:1'])).toMatchObject([{ image: amd64.imageId, taken: [] }])
      expect((await inspectImage(runtime, name)).Descriptor).toMatchObject(index.manifest)
      expect((await inspectImage(runtime, 'new:1')).Descriptor).toMatchObject(amd64.manifest)
      expect(await present(name)).toEqual(['amd64', 1])
      expect((await pruneImages(runtime)).removed).toEqual([])
    })

    test('without a name changes nothing', async () => {
      await pulled()
      const { images } = await runtime.openStore()
      const before = await images.list()
      expect(await dockerArchive(amd64, [])).toMatchObject([{ image: amd64.imageId, target: index.manifest }])
      expect(await images.list()).toEqual(before)
    })

    test('takes a name from an index that lacks the image, which stays without it', async () => {
      const name = await pulled()
      const other = await buildImage({ platform: ARM64, config: { author: 'other' } })
      const [loaded] = await dockerArchive(other, [name])
      expect(loaded).toMatchObject({ image: other.imageId, taken: [{ from: amd64.imageId }] })
      expect((await inspectImage(runtime, name)).Id).toBe(other.imageId)
      expect((await inspectImage(runtime, amd64.imageId)).RepoTags).toEqual([])
    })

    test('moves a name of one index to the image, where another index has it', async () => {
      await pulled()
      const elsewhere = await buildImage({ config: { author: 'elsewhere' } })
      await using registry = await startRegistry()
      const taken = await registry.push('app', 'taken', elsewhere)
      await pullImage(runtime, taken)
      await tagImage(runtime, taken, 'kept:1')
      expect(await dockerArchive(amd64, [taken])).toMatchObject([
        { image: amd64.imageId, target: amd64.manifest, taken: [{ from: elsewhere.imageId }] },
      ])
      expect((await inspectImage(runtime, 'kept:1')).Id).toBe(elsewhere.imageId)
    })
  })
})
