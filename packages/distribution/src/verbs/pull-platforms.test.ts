import { parsePlatform, type Descriptor } from '@drayage/manifest'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { pull, type DistributionEvent, type PullOptions, type PullResult } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { flipByte, onBlob, push, refusal, testRegistry, withBody, type TestRegistry } from '../test/test-registry.ts'
import { testStore, visible, type TestStore } from '../test/test-store.ts'

const NAME = 'registry.test/repo:v1'
const [AMD64, ARM64, ARMV7] = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'].map((each) => parsePlatform(each)) as [
  PullOptions['platform'],
  PullOptions['platform'],
  PullOptions['platform'],
]
const options: PullOptions = { platform: AMD64, retry: { attempts: 3, stepMs: 0 } }

let amd64: TestImage
let arm64: TestImage
let armv7: TestImage
let aboutAmd64: TestImage
let aboutArm64: TestImage
let index: TestIndex
let registry: TestRegistry
let store: TestStore

/** Three images that share a layer, with an attestation of each. */
beforeEach(async () => {
  const shared = await noiseLayer(1, 20_000)
  const build = async (platform: PullOptions['platform'], seed: number): Promise<TestImage> =>
    await buildImage({ platform, layers: [shared, await noiseLayer(seed, 500)] })
  ;[amd64, arm64, armv7] = [await build(AMD64, 2), await build(ARM64, 3), await build(ARMV7, 4)]
  index = buildIndex([amd64, arm64, armv7], { attested: true })
  ;[, , , aboutAmd64, aboutArm64] = index.images as [TestImage, TestImage, TestImage, TestImage, TestImage]
  registry = await testRegistry(['repo', 'v1', index])
  store = testStore()
})

const run = async (more: Partial<PullOptions> = {}): Promise<PullResult> =>
  await pull(registry.client, store, NAME, { ...options, ...more })

const digestsOf = (...images: readonly (TestImage | TestIndex)[]): Set<string> =>
  new Set([index.manifest.digest, ...images.flatMap(({ blobs }) => [...blobs.keys()])])

const onManifest =
  ({ manifest }: TestImage | TestIndex): TestRegistry['fault'] =>
  (request) =>
    request.url.endsWith(`/manifests/${manifest.digest}`)
      ? Promise.resolve(refusal(404, 'MANIFEST_UNKNOWN'))
      : undefined

const warningsOf = (events: readonly DistributionEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))

describe('pull() of an index', () => {
  test('brings the attestation of the chosen image, as content, and nothing else', async () => {
    const events: DistributionEvent[] = []
    const result = await run({ onEvent: (event) => events.push(event) })
    expect(result).toMatchObject({ image: amd64.imageId, digest: index.manifest.digest, upToDate: false })
    expect(result.target).toEqual(index.manifest)
    expect(result.images).toEqual([{ id: amd64.imageId, manifest: expect.anything(), isPresent: false }])
    expect(await visible(store.blobs)).toEqual(digestsOf(amd64, aboutAmd64))
    expect(store.kept).toEqual(digestsOf(amd64, aboutAmd64))
    const kept = store.targets.get(index.manifest.digest)
    expect(kept?.manifests).toEqual(new Set([amd64.manifest.digest]))
    const { config, layers } = aboutAmd64.manifestValue
    expect([...(kept?.others.values() ?? [])]).toEqual([
      { manifest: expect.objectContaining({ digest: aboutAmd64.manifest.digest }), parts: [config, ...layers] },
    ])
    // As in Docker Engine, only layers of images are shown.
    const shown = new Set(events.flatMap((event) => (event.type === 'layer' ? [event.digest] : [])))
    expect(shown).toEqual(new Set(amd64.layers.map(({ descriptor }) => descriptor.digest)))
    expect(warningsOf(events)).toEqual([])
  })

  test('brings several platforms in one call, what they share once, and names them together', async () => {
    const result = await run({ platforms: [ARM64, AMD64] })
    expect(result.images.map(({ id }) => id)).toEqual([arm64.imageId, amd64.imageId])
    expect(result).toMatchObject({ image: arm64.imageId, manifest: { digest: arm64.manifest.digest } })
    expect(await visible(store.blobs)).toEqual(digestsOf(amd64, arm64, aboutAmd64, aboutArm64))
    expect(new Set(registry.blobRequests()).size).toBe(registry.blobRequests().length)
    expect(store.layersByChain.size).toBe(3)
    expect([...store.names.values()]).toEqual([index.manifest, index.manifest])
  })

  test('adds what is missing when another platform is asked for, and is up to date only after it', async () => {
    await run()
    registry.requests.length = 0
    const second = await run({ platform: ARM64 })
    expect(second).toMatchObject({ image: arm64.imageId, upToDate: false })
    const [, own] = arm64.layers
    const needed = [arm64.config, own?.descriptor, aboutArm64.config, ...aboutArm64.manifestValue.layers]
    expect(registry.blobRequests().toSorted()).toEqual(
      needed.map((each) => `GET /v2/repo/blobs/${each?.digest}`).toSorted(),
    )
    const { manifests, others } = store.targets.get(index.manifest.digest) ?? {}
    expect(manifests).toEqual(new Set([amd64.manifest.digest, arm64.manifest.digest]))
    expect([...(others?.keys() ?? [])]).toEqual([aboutAmd64.manifest.digest, aboutArm64.manifest.digest])
    registry.requests.length = 0
    for (const platforms of [[AMD64], [ARM64], [AMD64, ARM64]]) {
      const third = await run({ platforms })
      expect(third.upToDate).toBe(true)
      expect(third.images.every(({ isPresent }) => isPresent)).toBe(true)
    }
    expect(registry.requests.filter((line) => line.startsWith('GET'))).toEqual([])
  })

  test('brings an attestation that an image lacks, and is not up to date then', async () => {
    await run()
    for (const lost of [aboutAmd64.manifest, ...aboutAmd64.manifestValue.layers]) {
      await store.blobs.delete(lost.digest)
      expect((await run()).upToDate).toBe(false)
      expect(await visible(store.blobs)).toEqual(digestsOf(amd64, aboutAmd64))
      expect((await run()).upToDate).toBe(true)
    }
  })

  test('brings all of it, so that nothing of the index is missing', async () => {
    const result = await run({ allPlatforms: true })
    expect(result.images.map(({ id }) => id)).toEqual([amd64, arm64, armv7].map(({ imageId }) => imageId))
    expect(await visible(store.blobs)).toEqual(new Set(index.blobs.keys()))
    expect(store.targets.get(index.manifest.digest)?.others.size).toBe(3)
    expect((await run({ allPlatforms: true })).upToDate).toBe(true)
  })

  test('leaves out an attestation that the registry has lost, with a warning', async () => {
    const [statement] = aboutAmd64.manifestValue.layers
    if (statement === undefined) throw new Error('no statement')
    const { digest } = aboutAmd64.manifest
    for (const [fault, why] of [
      [onManifest(aboutAmd64), 'the source does not have it'],
      [onBlob(statement, () => refusal(404, 'BLOB_UNKNOWN')), 'the source does not have all of it'],
    ] as const) {
      store = testStore()
      registry.fault = fault
      const events: DistributionEvent[] = []
      const result = await run({ onEvent: (event) => events.push(event) })
      expect(result).toMatchObject({ image: amd64.imageId, upToDate: false })
      expect(warningsOf(events)).toEqual([`left out attestation ${digest}: ${why}`])
      expect(store.targets.get(index.manifest.digest)?.others.size).toBe(0)
      // There is nothing newer.
      expect((await run()).upToDate).toBe(true)
      registry.fault = undefined
      expect((await run()).upToDate).toBe(false)
      expect(store.targets.get(index.manifest.digest)?.others.size).toBe(1)
    }
  })

  test.each<[string, Partial<PullOptions>]>([
    ['its platform is asked for', { platforms: [AMD64, ARM64] }],
    ['all are', { allPlatforms: true }],
  ])('fails for an image that is listed and missing when %s, and nothing is visible', async (_, wanted) => {
    registry.fault = onManifest(arm64)
    const error = await failure(run(wanted))
    expect(codesOf(error)[0]).toBe('ERR_PULL_NOT_FOUND')
    expect([store.names.size, store.targets.size, store.layersByChain.size]).toEqual([0, 0, 0])
    expect((await run()).image).toBe(amd64.imageId)
  })

  test('shows nothing and registers nothing when one of several images is bad', async () => {
    const [, own] = arm64.layers
    if (own === undefined) throw new Error('no layer')
    registry.fault = onBlob(own.descriptor, (response) => withBody(response, (body) => flipByte(body, 9)))
    await failure(run({ platforms: [AMD64, ARM64] }))
    expect([store.names.size, store.targets.size, store.layersByChain.size, store.measuring()]).toEqual([0, 0, 0, 0])
    registry.fault = undefined
    registry.requests.length = 0
    await run({ platforms: [AMD64, ARM64] })
    // What came the first time is not asked for again.
    expect(registry.blobRequests()).toContain(`GET /v2/repo/blobs/${own.descriptor.digest}`)
    expect(registry.blobRequests()).not.toContain(`GET /v2/repo/blobs/${amd64.config.digest}`)
    expect(store.layersByChain.size).toBe(3)
  })

  test('shows nothing when it is stopped in the middle, and stops all its work', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const [, own] = arm64.layers
    registry.fault = (request, next) => {
      if (request.url.endsWith(`/blobs/${own?.descriptor.digest}`)) stop.abort(reason)
      return next(request)
    }
    expect(await failure(run({ allPlatforms: true, signal: stop.signal }))).toBe(reason)
    expect([store.names.size, store.targets.size, store.layersByChain.size, store.measuring()]).toEqual([0, 0, 0, 0])
  })

  test('wants an image of the asked system for each platform', async () => {
    const windows = await buildImage({ platform: { os: 'windows', architecture: 'amd64' } })
    await push(registry.storage, 'repo', 'v1', buildIndex([amd64, windows]))
    const error = await failure(run({ allPlatforms: true, system: 'linux' }))
    expect(error).toMatchObject({ code: 'ERR_SYSTEM_UNSUPPORTED', system: 'windows' })
    expect(store.names.size).toBe(0)
    const asked = await failure(run({ platforms: [AMD64, windows.platform], system: 'linux' }))
    expect(asked).toMatchObject({ code: 'ERR_SYSTEM_UNSUPPORTED', system: 'windows' })
  })

  test('keeps indexes within the index that lead to what was chosen', async () => {
    const inner = buildIndex([arm64, armv7], { attested: true })
    const outer = buildIndex([buildIndex([amd64]), inner])
    await push(registry.storage, 'repo', 'v1', outer)
    await run({ platform: ARM64 })
    const about = inner.images[2]
    const kept = store.targets.get(outer.manifest.digest)
    expect(kept?.others.get(inner.manifest.digest)).toMatchObject({ parts: [] })
    expect([...(kept?.others.keys() ?? [])].toSorted()).toEqual(
      [inner.manifest.digest, about?.manifest.digest].toSorted(),
    )
    expect((await visible(store.blobs)).has(amd64.manifest.digest)).toBe(false)
    expect((await run({ platform: ARM64 })).upToDate).toBe(true)
  })

  test('does not need an index within the index that leads to nothing chosen', async () => {
    const absent = buildIndex([armv7])
    const outer = buildIndex([amd64, absent])
    await push(registry.storage, 'repo', 'v1', outer)
    registry.fault = onManifest(absent)
    expect((await run()).image).toBe(amd64.imageId)
    expect(codesOf(await failure(run({ allPlatforms: true })))[0]).toBe('ERR_PULL_NOT_FOUND')
  })

  test('keeps an artifact that an index lists, and what it lists beside manifests', async () => {
    const chart = await buildImage({ manifest: { config: { ...amd64.config, mediaType: 'application/vnd.chart' } } })
    const [, blob] = armv7.layers
    if (blob === undefined) throw new Error('no layer')
    const stray: Descriptor = { ...blob.descriptor, mediaType: 'application/vnd.example.note' }
    const manifests = [{ ...amd64.manifest, platform: AMD64 }, chart.manifest, stray]
    const odd = buildIndex([amd64, chart, armv7], { index: { manifests } })
    await push(registry.storage, 'repo', 'v1', odd)
    await run({ allPlatforms: true })
    const kept = store.targets.get(odd.manifest.digest)
    expect(kept?.manifests).toEqual(new Set([amd64.manifest.digest]))
    expect(kept?.others.get(chart.manifest.digest)?.parts).toHaveLength(2)
    expect(kept?.others.get(odd.manifest.digest)?.parts).toEqual([stray])
    registry.fault = onBlob(stray, () => refusal(404, 'BLOB_UNKNOWN'))
    store = testStore()
    const events: DistributionEvent[] = []
    expect((await run({ onEvent: (event) => events.push(event) })).image).toBe(amd64.imageId)
    expect(warningsOf(events)).toEqual([expect.stringContaining(stray.digest)])
  })
})

describe('pull() of an index that is not honest', () => {
  const attesting = (image: TestImage, subject: string): Descriptor => ({
    ...image.manifest,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.digest': subject, 'vnd.docker.reference.type': 'attestation-manifest' },
  })
  const entry = (image: TestImage): Descriptor => ({ ...image.manifest, platform: image.platform })
  const serve = async (images: readonly TestImage[], manifests: readonly Descriptor[]): Promise<TestIndex> => {
    const made = buildIndex(images, { index: { manifests } })
    await push(registry.storage, 'repo', 'v1', made)
    return made
  }

  test('brings no attestation of something else', async () => {
    const made = await serve(
      [amd64, aboutAmd64, aboutArm64],
      [entry(amd64), attesting(aboutAmd64, arm64.manifest.digest), attesting(aboutArm64, 'sha256:nothing')],
    )
    await run()
    expect(store.targets.get(made.manifest.digest)?.others.size).toBe(0)
    expect(await visible(store.blobs)).toEqual(new Set([made.manifest.digest, ...amd64.blobs.keys()]))
  })

  test('takes an image that it calls an attestation for one, unless it is asked for itself', async () => {
    const made = await serve(
      [amd64, arm64],
      [entry(amd64), { ...attesting(arm64, amd64.manifest.digest), platform: ARM64 }],
    )
    expect((await run()).images.map(({ id }) => id)).toEqual([amd64.imageId])
    const kept = store.targets.get(made.manifest.digest)
    expect(kept?.manifests).toEqual(new Set([amd64.manifest.digest]))
    expect([...(kept?.others.keys() ?? [])]).toEqual([arm64.manifest.digest])
    expect((await run({ platform: ARM64 })).images.map(({ id }) => id)).toEqual([arm64.imageId])
  })

  test('does not choose an attestation without a platform for an image', async () => {
    const { platform: _, ...nowhere } = attesting(aboutAmd64, amd64.manifest.digest)
    await serve([amd64, aboutAmd64], [entry(amd64), nowhere])
    const error = await failure(run({ platform: parsePlatform('linux/s390x') }))
    expect(codesOf(error)[0]).toBe('ERR_PLATFORM_NOT_FOUND')
  })

  test('brings an image once that is listed for two platforms, and for none', async () => {
    const manifests = [entry(amd64), { ...amd64.manifest, platform: ARM64 }, attesting(amd64, amd64.manifest.digest)]
    const made = await serve([amd64], manifests)
    const events: DistributionEvent[] = []
    const result = await run({ platforms: [AMD64, ARM64], onEvent: (event) => events.push(event) })
    expect(result.images).toHaveLength(1)
    expect(warningsOf(events)).toEqual([expect.stringContaining('wanted linux/arm64, actual: linux/amd64')])
    expect(store.targets.get(made.manifest.digest)).toMatchObject({ others: new Map() })
    expect((await run({ allPlatforms: true })).images).toHaveLength(1)
    expect(store.imagesById.size).toBe(1)
  })

  test('leaves out attestations beyond the limit, with one warning', async () => {
    const many = await Promise.all(
      Array.from({ length: 300 }, async (_, at) =>
        buildImage({ layers: [], manifest: { annotations: { at: String(at) } } }),
      ),
    )
    const manifests = [entry(amd64), ...many.map((each) => attesting(each, amd64.manifest.digest))]
    const made = await serve([amd64, ...many], manifests)
    const events: DistributionEvent[] = []
    expect((await run({ onEvent: (event) => events.push(event) })).image).toBe(amd64.imageId)
    expect(store.targets.get(made.manifest.digest)?.others.size).toBe(256)
    expect(warningsOf(events)).toEqual([
      expect.stringMatching(`^left out attestation ${many[256]?.manifest.digest} and 43 more: `),
    ])
  })

  test('reads no deeper than its limits, and holds no more than fits', async () => {
    let deep = buildIndex([amd64])
    for (let depth = 0; depth < 5; depth++) deep = buildIndex([deep])
    await push(registry.storage, 'repo', 'v1', deep)
    for (const allPlatforms of [false, true]) {
      expect(codesOf(await failure(run({ allPlatforms })))[0]).toBe('ERR_NOT_AN_IMAGE')
    }
    const large = await Promise.all(
      Array.from({ length: 12 }, async (_, at) =>
        buildImage({ layers: [], manifest: { annotations: { at: String(at), padding: 'x'.repeat(3_000_000) } } }),
      ),
    )
    await push(registry.storage, 'repo', 'v1', buildIndex(large))
    const error = await failure(run({ allPlatforms: true }))
    expect(error.message).toContain('manifests and configs of more than 33554432 bytes')
    expect([store.names.size, store.targets.size]).toEqual([0, 0])
  })
})
