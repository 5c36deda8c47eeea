import { createMemoryStore, readBlob, writeBlob, type HttpClient } from '@drayage/content'
import { decodeManifest, type Descriptor, type ImageIndex } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, type CopyOptions, type PlatformSubset } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { refusal, testRegistry } from '../test/test-registry.ts'
import { storeOf, visible } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('elsewhere.test/copy:v2')
const platform = (architecture: string): { os: string; architecture: string } => ({ os: 'linux', architecture })
const [AMD, ARM, S390, UNKNOWN] = [
  platform('amd64'),
  platform('arm64'),
  platform('s390x'),
  { os: 'unknown', architecture: 'unknown' },
]

let amd: TestImage
let arm: TestImage
let s390: TestImage
let attestations: TestImage[]
let index: TestIndex

/** An index of three images with an attestation of the first two, and members that nobody knows. */
beforeEach(async () => {
  amd = await buildImage({ platform: AMD })
  arm = await buildImage({ platform: ARM })
  s390 = await buildImage({ platform: S390 })
  attestations = await Promise.all(
    [amd, arm].map((about) =>
      buildImage({
        platform: UNKNOWN,
        layers: [[{ path: 'about', content: about.manifest.digest }]],
      }),
    ),
  )
  const about = (image: TestImage, subject: TestImage): Descriptor => ({
    ...image.manifest,
    platform: UNKNOWN,
    annotations: {
      'vnd.docker.reference.digest': subject.manifest.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  })
  const images = [amd, arm, s390]
  const [first, second] = attestations
  const manifests = [
    ...images.map((image) => ({ ...image.manifest, platform: image.platform, odd: image.platform.architecture })),
    ...(first === undefined || second === undefined ? [] : [about(first, amd), about(second, arm)]),
  ]
  const known = { annotations: { who: 'me' }, manifests }
  index = buildIndex([...images, ...attestations], { index: { ...known, ...{ odd: { member: 1 } } } })
})

const subset = (
  form: PlatformSubset['index'],
  ...platforms: NonNullable<PlatformSubset['platforms']>
): CopyOptions => ({
  retry: { attempts: 5, stepMs: 0 },
  subset: { platforms, index: form },
})

const digestsOf = (...images: readonly (TestImage | undefined)[]): string[] =>
  images.flatMap((image) => [...(image?.blobs.keys() ?? [])])

describe('copy() with a subset', () => {
  test('keeps the bytes of a sparse index and copies the chosen images with their attestations', async () => {
    const sink = createMemoryStore()
    const root = await copy(await storeOf(index), sink, { from: index.manifest, to }, subset('sparse', AMD))
    expect(root.digest).toBe(index.manifest.digest)
    expect(await readBlob(sink, root)).toEqual(index.manifestBytes)
    expect(await visible(sink)).toEqual(new Set([root.digest, ...digestsOf(amd, attestations[0])]))
  })

  test('makes an index anew of the chosen images, with all else that it says', async () => {
    const sink = createMemoryStore()
    const root = await copy(await storeOf(index), sink, { from: index.manifest, to }, subset('rewrite', ARM, AMD))
    expect(root.digest).not.toBe(index.manifest.digest)
    expect((await sink.resolve(to)).digest).toBe(root.digest)
    const { value } = decodeManifest(await readBlob(sink, root), root)
    const before: ImageIndex = JSON.parse(new TextDecoder().decode(index.manifestBytes))
    expect(value).toEqual({ ...before, manifests: [0, 1, 3, 4].map((at) => before.manifests[at]) })
    expect(await visible(sink)).toEqual(new Set([root.digest, ...digestsOf(amd, arm, ...attestations)]))
  })

  test('does not make an index anew that loses nothing', async () => {
    const sink = createMemoryStore()
    const options = { ...subset('rewrite', S390, ARM, AMD), preserveDigests: true }
    expect((await copy(await storeOf(index), sink, { from: index.manifest, to }, options)).digest).toBe(
      index.manifest.digest,
    )
  })

  test.each(['sparse', 'rewrite'] as const)('chooses in nested indexes: %s', async (form) => {
    const outer = buildIndex([buildIndex([arm, s390]), s390, buildIndex([s390])])
    const sink = createMemoryStore()
    const root = await copy(await storeOf(outer), sink, { from: outer.manifest, to }, subset(form, ARM))
    const decoded = decodeManifest(await readBlob(sink, root), root)
    expect(root.digest === outer.manifest.digest).toBe(form === 'sparse')
    const [inner] = decoded.kind === 'index' ? decoded.value.manifests : []
    if (inner === undefined) throw new Error('no index within the index')
    expect(await visible(sink)).toEqual(new Set([root.digest, inner.digest, ...digestsOf(arm)]))
    const listed = decodeManifest(await readBlob(sink, inner), inner)
    const isRewritten = form === 'rewrite'
    expect(listed.kind === 'index' && listed.value.manifests.length).toBe(isRewritten ? 1 : 2)
    expect(decoded.kind === 'index' && decoded.value.manifests.length).toBe(isRewritten ? 1 : 3)
  })

  test('takes an image that is in no index as it is', async () => {
    const sink = createMemoryStore()
    const copied = await copy(await storeOf(arm), sink, { from: arm.manifest, to }, subset('rewrite', AMD, ARM))
    expect(copied.digest).toBe(arm.manifest.digest)
  })

  test('fails before anything is written for a platform that is not there, or a digest that has to stay', async () => {
    const sink = createMemoryStore()
    const source = await storeOf(index)
    const names = { from: index.manifest, to }
    const none = await failure(copy(source, sink, names, subset('sparse', AMD, platform('riscv64'))))
    expect(codesOf(none)).toEqual(['ERR_PLATFORM_NOT_FOUND'])
    const changed = await failure(copy(source, sink, names, { ...subset('rewrite', AMD), preserveDigests: true }))
    expect(codesOf(changed)).toEqual(['ERR_DIGEST_CHANGE'])
    const both = copy(source, sink, names, { ...subset('rewrite', AMD), platform: ARM })
    await expect(both).rejects.toBeInstanceOf(RangeError)
    expect(await visible(sink)).toEqual(new Set())
  })

  test.each(['sparse', 'rewrite'] as const)('takes all that is not left out of a source: %s', async (form) => {
    const sink = createMemoryStore()
    const inner = buildIndex([s390])
    const outer = buildIndex([amd, arm, inner], { attested: true })
    const [, , , about] = outer.images
    const source = createMemoryStore()
    for (const [digest, bytes] of [
      ...amd.blobs,
      ...(about?.blobs ?? []),
      [outer.manifest.digest, outer.manifestBytes],
    ] as const)
      await writeBlob(source, { mediaType: '', digest, size: bytes.byteLength }, bytes)
    const leftOut = new Set(
      outer.images.filter((image) => image !== amd && image !== about).map(({ manifest }) => manifest.digest),
    )
    const options = { leftOut, subset: { index: form } }
    const root = await copy(source, sink, { from: outer.manifest, to }, options)
    expect(root.digest === outer.manifest.digest).toBe(form === 'sparse')
    expect(await visible(sink)).toEqual(new Set([root.digest, ...digestsOf(amd), ...(about?.blobs.keys() ?? [])]))
    const decoded = decodeManifest(await readBlob(sink, root), root)
    expect(decoded.kind === 'index' && decoded.value.manifests.length).toBe(form === 'sparse' ? 5 : 2)
    const whole = await copy(source, createMemoryStore(), { from: outer.manifest, to }, { leftOut })
    expect(whole.digest).toBe(outer.manifest.digest)
  })

  test('says so when a registry refuses a sparse index, and takes the rewritten one', async () => {
    const registry = await testRegistry()
    const target = parseReference('registry.test/team/app:v1')
    const sink = registry.client.repository(target)
    const names = { from: index.manifest, to: target }
    const error = await failure(copy(await storeOf(index), sink, names, subset('sparse', AMD)))
    expect(codesOf(error)).toEqual(['ERR_SPARSE_INDEX', 'ERR_REGISTRY'])
    expect(error.message).toMatch(/MANIFEST_BLOB_UNKNOWN.*or a rewritten index$/)
    const root = await copy(await storeOf(index), sink, names, subset('rewrite', AMD))
    expect((await sink.resolve(target)).digest).toBe(root.digest)
  })

  test('fetches each manifest once', async () => {
    const registry = await testRegistry(['repo', 'v1', index])
    const source = registry.client.repository(from)
    await copy(source, createMemoryStore(), { from, to }, subset('rewrite', AMD, ARM))
    const manifests = registry.requests.filter((line) => /^GET .*\/manifests\//.test(line))
    expect(manifests.filter((line) => line.endsWith(amd.manifest.digest))).toHaveLength(1)
    expect(new Set(manifests).size).toBe(manifests.length)
  })

  test('tries to read an index again', async () => {
    const registry = await testRegistry(['repo', 'v1', index])
    let failures = 2
    const fail =
      (next: HttpClient): HttpClient =>
      async (request) =>
        request.method === 'GET' && failures-- > 0 ? refusal(503, 'UNAVAILABLE') : next(request)
    registry.fault = (request, next) => fail(next)(request)
    const root = await copy(registry.client.repository(from), createMemoryStore(), { from, to }, subset('sparse', AMD))
    expect(root.digest).toBe(index.manifest.digest)
  })

  test('reads no more indexes than its limit, however often they name each other', async () => {
    let inner = buildIndex([amd, arm])
    for (let depth = 0; depth < 3; depth++) {
      inner = buildIndex([inner], { index: { manifests: Array.from({ length: 2000 }, () => inner.manifest) } })
    }
    const sink = createMemoryStore()
    const root = await copy(await storeOf(inner), sink, { from: inner.manifest, to }, subset('rewrite', ARM))
    expect(await visible(sink)).toEqual(expect.objectContaining({ size: digestsOf(arm).length + 4 }))
    expect(root.digest).not.toBe(inner.manifest.digest)
    const wide = buildIndex(
      await Promise.all(
        Array.from({ length: 65 }, async (_, at) => buildIndex([amd], { index: { annotations: { at: String(at) } } })),
      ),
    )
    const error = await failure(copy(await storeOf(wide), sink, { from: wide.manifest, to }, subset('sparse', AMD)))
    expect(codesOf(error)).toEqual(['ERR_NOT_AN_IMAGE'])
  })
})
