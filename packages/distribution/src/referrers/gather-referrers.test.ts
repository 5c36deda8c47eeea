import { readBlob, type HttpClient } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import {
  decodeManifest,
  encodeManifest,
  MEDIA_TYPES,
  referrersTag,
  type Descriptor,
  type ImageIndex,
} from '@drayage/manifest'
import { parseReference, type Reference } from '@drayage/reference'
import type { RepositoryClient } from '@drayage/registry'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, MAX_REFERRERS_COPIED, type CopyOptions, type CopyReferrers, type DistributionEvent } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { push, refusal, testRegistry, type TestRegistry } from '../test/test-registry.ts'
import { storeOf } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('registry.test/team/app:v2')
const retry = { attempts: 5, stepMs: 0 }

let image: TestImage
let index: TestIndex
let registry: TestRegistry

/** An artifact of a type that is about another manifest. */
async function about(subject: Descriptor, artifactType: string): Promise<TestImage> {
  const layers = [await noiseLayer(artifactType.length, 100)]
  const annotations = { 'org.example.kind': artifactType }
  return await buildImage({ layers, manifest: { subject, artifactType, annotations } })
}

async function add(artifact: TestImage, tag?: string, into = registry): Promise<void> {
  await push(into.storage, 'repo', tag ?? 'none', artifact)
  if (tag === undefined) await into.storage.tags.remove('repo', 'none')
  const { subject, artifactType = '' } = artifact.manifestValue
  if (subject !== undefined) {
    await into.storage.referrers.add('repo', subject.digest, { ...artifact.manifest, artifactType })
  }
}

beforeEach(async () => {
  image = await buildImage()
  index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
  registry = await testRegistry(['repo', 'v1', index])
})

/** Copies within the registry, whose second repository starts empty. */
async function copied(referrers: CopyReferrers = {}, options: CopyOptions = {}): Promise<RepositoryClient> {
  const sink = registry.client.repository(to)
  await copy(registry.client.repository(from), sink, { from, to }, { retry, referrers, ...options })
  return sink
}

async function referrersIn(repository: RepositoryClient, subject: Digest): Promise<string[]> {
  return (await Array.fromAsync(repository.referrers(subject))).map(({ digest }) => digest).toSorted()
}

const byTag = (tag: string): Reference => ({ domain: to.domain, path: to.path, tag })
/** A registry that does not know of referrers. */
const withoutApi = (): void => {
  registry.fault = (request) =>
    request.url.includes('/referrers/') ? Promise.resolve(refusal(404, 'UNSUPPORTED')) : undefined
}

describe('copy() with referrers', () => {
  test('takes along what refers to an index and to its images, and what refers to that', async () => {
    const signature = await about(index.manifest, 'signature')
    const bill = await about(image.manifest, 'bill')
    const signed = await about(bill.manifest, 'signature-of-bill')
    for (const each of [signature, bill, signed]) await add(each)
    const sink = await copied()
    expect(await referrersIn(sink, index.manifest.digest)).toEqual([signature.manifest.digest])
    expect(await referrersIn(sink, image.manifest.digest)).toEqual([bill.manifest.digest])
    expect(await referrersIn(sink, bill.manifest.digest)).toEqual([signed.manifest.digest])
    for (const each of [signature, bill, signed]) {
      for (const { descriptor } of each.layers) expect(await sink.has(descriptor)).toBe(true)
    }
    expect((await Array.fromAsync(sink.tags())).toSorted()).toEqual(['v2'])
  })

  test('takes nothing along unless asked', async () => {
    await add(await about(index.manifest, 'signature'))
    const sink = registry.client.repository(to)
    await copy(registry.client.repository(from), sink, { from, to }, { retry })
    expect(await referrersIn(sink, index.manifest.digest)).toEqual([])
    expect(registry.requests.filter((line) => line.includes('/repo/referrers/'))).toEqual([])
  })

  test('chooses them by type, and goes as deep as it is told', async () => {
    const [signature, bill] = [await about(index.manifest, 'signature'), await about(index.manifest, 'bill')]
    const [first, second] = [await about(bill.manifest, 'bill-2'), await about(bill.manifest, 'bill')]
    for (const each of [signature, bill, first, second]) await add(each)
    const chosen = await copied({ artifactTypes: ['bill'] })
    expect(await referrersIn(chosen, index.manifest.digest)).toEqual([bill.manifest.digest])
    expect(await referrersIn(chosen, bill.manifest.digest)).toEqual([second.manifest.digest])
    registry = await testRegistry(['repo', 'v1', index])
    for (const each of [signature, bill, first, second]) await add(each)
    const shallow = await copied({ maxDepth: 1 })
    expect(await referrersIn(shallow, index.manifest.digest)).toHaveLength(2)
    expect(await referrersIn(shallow, bill.manifest.digest)).toEqual([])
  })

  test('takes along what cosign keeps under tags', async () => {
    const [signature, bill] = [
      await buildImage({ config: { author: 'a' } }),
      await buildImage({ config: { author: 'b' } }),
    ]
    const [onIndex, onImage] = [
      `${referrersTag(index.manifest.digest)}.sig`,
      `${referrersTag(image.manifest.digest)}.sbom`,
    ]
    await add(signature, onIndex)
    await add(bill, onImage)
    const sink = await copied({ repository: from })
    expect((await sink.resolve(byTag(onIndex))).digest).toBe(signature.manifest.digest)
    expect((await sink.resolve(byTag(onImage))).digest).toBe(bill.manifest.digest)
    expect(await Array.fromAsync(sink.tags())).toHaveLength(3)
  })

  test('reads and writes the list under a tag where the registry has none of its own', async () => {
    withoutApi()
    const [signature, other] = [await about(index.manifest, 'signature'), await about(index.manifest, 'other')]
    const tag = referrersTag(index.manifest.digest)
    for (const each of [signature, other]) await push(registry.storage, 'repo', 'none', each)
    const list = (...all: readonly TestImage[]): TestIndex =>
      buildIndex(all, { index: { annotations: { who: 'me' }, manifests: all.map((each) => each.manifest) } })
    await push(registry.storage, 'repo', tag, list(signature))
    const sink = await copied()
    const written = await sink.manifest(byTag(tag))
    expect(written.value).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [
        {
          ...signature.manifest,
          artifactType: 'signature',
          annotations: { 'org.example.kind': 'signature' },
        },
      ],
    })
    await push(registry.storage, 'team/app', tag, list(other))
    await copied()
    const merged = await sink.manifest(byTag(tag))
    expect(merged.kind === 'index' && merged.value).toMatchObject({ annotations: { who: 'me' } })
    expect(await referrersIn(sink, index.manifest.digest)).toEqual(
      [signature, other].map((each) => each.manifest.digest).toSorted(),
    )
    const before = registry.requests.length
    await copied()
    const writes = registry.requests.slice(before).filter((line) => /^(POST|PUT|PATCH)/.test(line))
    expect(writes).toEqual(['PUT /v2/team/app/manifests/v2'])
  })

  test('writes the list again when another client wrote it at the same time', async () => {
    const [signature, other] = [await about(index.manifest, 'signature'), await about(index.manifest, 'other')]
    await add(signature)
    await push(registry.storage, 'team/app', 'none', other)
    const tag = referrersTag(index.manifest.digest)
    let overwritten = 0
    registry.fault = (request, next) => {
      if (request.url.includes('/team/app/referrers/')) return Promise.resolve(refusal(404, 'UNSUPPORTED'))
      if (request.method !== 'PUT' || !request.url.endsWith(tag) || overwritten++ > 0) return undefined
      return next(request).then(async (response) => {
        await push(registry.storage, 'team/app', tag, buildIndex([other]))
        return response
      })
    }
    const sink = await copied()
    expect(await referrersIn(sink, index.manifest.digest)).toHaveLength(2)
    registry.fault = (request) => {
      if (request.url.includes('/team/app/referrers/')) return Promise.resolve(refusal(404, 'UNSUPPORTED'))
      return request.method === 'PUT' && request.url.endsWith(tag) ? Promise.resolve(refusal(201, 'x')) : undefined
    }
    await registry.storage.tags.remove('team/app', tag)
    expect(codesOf(await failure(copied()))).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY_PROTOCOL'])
  })

  test('leaves out what is listed but does not refer, and ends where lists refer to each other', async () => {
    const signature = await about(index.manifest, 'signature')
    await add(signature)
    const { digest } = signature.manifest
    // The list says that the index refers to its own signature, and that an image of no subject refers to the index.
    await registry.storage.referrers.add('repo', digest, index.manifest)
    await registry.storage.referrers.add('repo', index.manifest.digest, image.manifest)
    const events: DistributionEvent[] = []
    const sink = await copied({}, { onEvent: (event) => void events.push(event) })
    expect(await referrersIn(sink, index.manifest.digest)).toEqual([digest])
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
    expect(warnings.toSorted()).toEqual(
      [
        `${image.manifest.digest} is listed as referring to ${index.manifest.digest} and does not; it is not copied`,
        `${index.manifest.digest} is listed as referring to ${digest} and does not; it is not copied`,
      ].toSorted(),
    )
  })

  test('fails when there are more than the limit', async () => {
    const page = (start: number): ImageIndex => ({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: Array.from({ length: 1000 }, (_, at) => ({
        mediaType: 'application/x-unknown',
        digest: digestOf(`referrer ${start + at}`),
        size: 1,
      })),
    })
    let pages = 0
    const next: HttpClient = async (request) => {
      const bytes = encodeManifest(page(pages++ * 1000))
      const link = `<${new URL(request.url).pathname}?n=${pages}>; rel="next"`
      async function* body(): AsyncGenerator<Uint8Array, void, void> {
        yield bytes
      }
      return { status: 200, headers: { 'content-type': MEDIA_TYPES.ociIndex, link }, body: body() }
    }
    registry.fault = (request) => (request.url.includes('/repo/referrers/') ? next(request) : undefined)
    const error = await failure(copied())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_WALK_LIMIT'])
    expect(pages).toBeLessThan((MAX_REFERRERS_COPIED / 1000 + 2) * 3)
    expect(registry.requests.filter((line) => line.startsWith('P'))).toEqual([])
  })

  test('refuses sides that know nothing of referrers', async () => {
    const store = await storeOf(index)
    const sink = registry.client.repository(to)
    const names = { from: index.manifest, to }
    const unlisted = await failure(copy(store, sink, names, { referrers: {} }))
    expect(unlisted).toMatchObject({ code: 'ERR_REFERRERS', side: 'source' })
    const unkept = await failure(copy(registry.client.repository(from), store, { from, to }, { referrers: {} }))
    expect(unkept).toMatchObject({ code: 'ERR_REFERRERS', side: 'sink' })
    await expect(copied({ maxDepth: 0 })).rejects.toBeInstanceOf(RangeError)
    expect(registry.requests.filter((line) => line.startsWith('P'))).toEqual([])
  })

  test('finds what refers to the chosen images of a rewritten index', async () => {
    const bill = await about(image.manifest, 'bill')
    await add(bill)
    await add(await about(index.manifest, 'signature'))
    const subset = { platforms: [image.platform], index: 'rewrite' } as const
    const sink = await copied({}, { subset })
    expect(await referrersIn(sink, image.manifest.digest)).toEqual([bill.manifest.digest])
    expect(await referrersIn(sink, index.manifest.digest)).toEqual([])
    const root = await sink.resolve(to)
    expect(decodeManifest(await readBlob(sink, root), root).value).toMatchObject({ manifests: [image.manifest] })
  })
})
