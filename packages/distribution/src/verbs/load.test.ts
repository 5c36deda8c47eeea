import { createMemoryStore, type MemoryStore } from '@drayage/content'
import { parsePlatform } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, load, planCopy, type DistributionEvent, type LoadContentOptions, type LoadResult } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { storeOf, testStore, visible, type TestStore } from '../test/test-store.ts'

const NAME = parseReference('app.test/loaded:1')
const platforms = ['linux/amd64', 'linux/arm64', 'linux/s390x'].map((each) => parsePlatform(each))
const [AMD64, ARM64, S390X] = platforms as [TestImage['platform'], TestImage['platform'], TestImage['platform']]
const retry = { attempts: 1, stepMs: 0 }

let amd64: TestImage
let arm64: TestImage
let s390x: TestImage
let index: TestIndex
let store: TestStore

beforeEach(async () => {
  const shared = await noiseLayer(1, 2000)
  const images = await Promise.all(
    platforms.map(async (platform, at) => buildImage({ platform, layers: [shared, await noiseLayer(at + 2, 100)] })),
  )
  ;[amd64, arm64, s390x] = images as [TestImage, TestImage, TestImage]
  index = buildIndex(images, { attested: true })
  store = testStore()
})

/** The attestation at a place of the index. */
const aboutAt = (at: number): TestImage | TestIndex => index.images[platforms.length + at] ?? index

/** A source with the index and only these of its parts. */
async function sparse(...parts: readonly (TestImage | TestIndex)[]): Promise<MemoryStore> {
  return await storeOf({ ...index, blobs: new Map([[index.manifest.digest, index.manifestBytes]]) }, ...parts)
}

const run = async (
  source: MemoryStore,
  options: LoadContentOptions = {},
  target = index.manifest,
): Promise<LoadResult> => await load(source, store, { target, names: [NAME] }, { retry, ...options })

const has = (): { readonly images: readonly string[]; readonly others: readonly string[] } => {
  const kept = store.targets.get(index.manifest.digest)
  return { images: [...(kept?.manifests ?? [])], others: [...(kept?.others.keys() ?? [])] }
}

const digestsOf = (...images: readonly (TestImage | TestIndex)[]): string[] =>
  images.map(({ manifest }) => manifest.digest)

describe('load() of an index', () => {
  test('brings all of it and names it', async () => {
    const loaded = await run(await storeOf(index))
    expect(loaded.images.map(({ id }) => id)).toEqual([amd64, arm64, s390x].map(({ imageId }) => imageId))
    expect(loaded).toMatchObject({ target: index.manifest, image: amd64.imageId })
    expect(has()).toEqual({
      images: digestsOf(amd64, arm64, s390x),
      others: digestsOf(aboutAt(0), aboutAt(1), aboutAt(2)),
    })
    expect(await visible(store.blobs)).toEqual(new Set(index.blobs.keys()))
    expect(store.names.get('app.test/loaded:1')).toEqual(index.manifest)
  })

  test('brings what the source has whole, with its attestations, and says nothing of the rest', async () => {
    const source = await sparse(arm64, s390x, aboutAt(0), aboutAt(1))
    await source.delete(s390x.layers[1]?.descriptor.digest ?? index.manifest.digest)
    const events: DistributionEvent[] = []
    const loaded = await run(source, { onEvent: (event) => events.push(event) })
    expect(loaded.images.map(({ id }) => id)).toEqual([arm64.imageId])
    expect(has()).toEqual({ images: digestsOf(arm64), others: digestsOf(aboutAt(1)) })
    expect(loaded.target).toEqual(index.manifest)
    expect(events.filter(({ type }) => type === 'warning')).toEqual([])
    // The rest may come from elsewhere, also later.
    await run(await sparse(amd64))
    expect(has()).toEqual({ images: digestsOf(arm64, amd64), others: digestsOf(aboutAt(1)) })
  })

  test('brings the platforms that are asked for, and fails when one is not there', async () => {
    const source = await sparse(amd64, arm64, aboutAt(0))
    const loaded = await run(source, { platforms: [ARM64, AMD64] })
    expect(loaded.images.map(({ id }) => id)).toEqual([arm64.imageId, amd64.imageId])
    expect(has()).toEqual({ images: digestsOf(amd64, arm64), others: digestsOf(aboutAt(0)) })
    store = testStore()
    expect(codesOf(await failure(run(source, { platforms: [AMD64, S390X] })))).toEqual([
      'ERR_TRANSFER',
      'ERR_CONTENT_NOT_FOUND',
    ])
    const unlisted = await failure(run(source, { platforms: [AMD64, parsePlatform('linux/riscv64')] }))
    expect(codesOf(unlisted)).toEqual(['ERR_PLATFORM_NOT_FOUND'])
    expect([store.names.size, store.targets.size, store.layersByChain.size]).toEqual([0, 0, 0])
  })

  test('fails when no image is whole, whatever attestations there are', async () => {
    const source = await sparse(amd64, aboutAt(0))
    await source.delete(amd64.config.digest)
    const error = await failure(run(source))
    expect(codesOf(error)).toEqual(['ERR_NOT_AN_IMAGE'])
    expect(error.message).toContain('an index of which no image is there whole')
    expect(store.targets.size).toBe(0)
  })

  test('needs foreign layers only of what stays', async () => {
    const [, layer] = s390x.layers
    if (layer === undefined) throw new Error('no layer')
    const urls = ['https://elsewhere.test/layer']
    const foreign = await buildImage({ platform: S390X, manifest: { layers: [{ ...layer.descriptor, urls }] } })
    const made = buildIndex([amd64, foreign])
    const source = await storeOf(made)
    await source.delete(layer.descriptor.digest)
    expect((await run(source, {}, made.manifest)).images).toHaveLength(1)
  })

  test('reads an image of an archive as Docker Engine does, and finds wrong bytes', async () => {
    const other = await buildImage({ platform: ARM64, config: { rootfs: { type: 'layers', diff_ids: [] } } })
    const made = buildIndex([amd64, other])
    const error = await failure(run(await storeOf(made), {}, made.manifest))
    expect(codesOf(error)).toEqual(['ERR_LAYER_COUNT'])
    expect([store.names.size, store.targets.size, store.layersByChain.size]).toEqual([0, 0, 0])
  })

  test('brings an artifact', async () => {
    const chart = await buildImage({ manifest: { config: { ...amd64.config, mediaType: 'application/vnd.chart' } } })
    const source = await storeOf(chart, amd64)
    const loaded = await run(source, {}, chart.manifest)
    expect(loaded).toMatchObject({ manifest: chart.manifest, images: [] })
    expect(store.targets.get(chart.manifest.digest)?.others.size).toBe(1)
  })
})

describe('copy() to a store of images', () => {
  const names = (): { readonly from: TestIndex['manifest']; readonly to: typeof NAME } => ({
    from: index.manifest,
    to: NAME,
  })

  test('keeps the index of a platform, as its plan says', async () => {
    const source = await storeOf(index)
    const options = { platform: ARM64, retry }
    const plan = await planCopy(source, createMemoryStore(), names(), { ...options, keepsIndex: true })
    expect((await copy(source, store, names(), options)).digest).toBe(index.manifest.digest)
    expect(has()).toEqual({ images: digestsOf(arm64), others: digestsOf(aboutAt(1)) })
    expect(new Set(plan.content.map(({ digest }) => digest))).toEqual(await visible(store.blobs))
    expect(plan.root).toEqual(index.manifest)
  })

  test('takes the whole of an index, and one that is made anew', async () => {
    const source = await storeOf(index)
    await copy(source, store, names(), { retry })
    expect(await visible(store.blobs)).toEqual(new Set(index.blobs.keys()))
    store = testStore()
    const subset = { platforms: [AMD64, ARM64], index: 'rewrite' } as const
    const made = await copy(source, store, names(), { subset, retry })
    expect(made.digest).not.toBe(index.manifest.digest)
    expect(store.names.get('app.test/loaded:1')?.digest).toBe(made.digest)
    expect((await visible(store.blobs)).has(made.digest)).toBe(true)
    expect(store.targets.get(made.digest)?.manifests).toEqual(new Set(digestsOf(amd64, arm64)))
  })
})
