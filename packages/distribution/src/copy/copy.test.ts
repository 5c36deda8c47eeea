import { createMemoryStore, walk, type MemoryStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { createTransferManager } from '@drayage/transfer'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { copy, pull, TransferError, type DistributionEvent, type GraphSink, type LayerState } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { dropAfter, flipByte, onBlob, refusal, testRegistry, withBody } from '../test/test-registry.ts'
import { pendingBytes, storeOf, testStore, visible } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('elsewhere.test/copy:v2')
const retry = { attempts: 5, stepMs: 0 }
const ARM64 = { os: 'linux', architecture: 'arm64' }

/** A sink that notes what becomes visible, in order. */
function notedSink(): { readonly sink: GraphSink; readonly store: MemoryStore; readonly committed: Digest[] } {
  const store = createMemoryStore()
  const committed: Digest[] = []
  const sink: GraphSink = {
    has: (what, options) => store.has(what, options),
    tag: (what, name, options) => store.tag(what, name, options),
    async begin(key, options) {
      const ingest = await store.begin(key, options)
      return {
        get offset() {
          return ingest.offset
        },
        append: (source, each) => ingest.append(source, each),
        reset: (each) => ingest.reset(each),
        async commit(expected, each) {
          const outcome = await ingest.commit(expected, each)
          if (outcome === 'committed') committed.push(expected.digest)
          return outcome
        },
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
      }
    },
  }
  return { sink, store, committed }
}

describe('copy()', () => {
  test('copies an image with unchanged digests, its manifest after all that it refers to, and names it', async () => {
    const image = await buildImage({ layers: [await noiseLayer(1, 1000), await noiseLayer(2, 1000)] })
    const registry = await testRegistry(['repo', 'v1', image])
    const { sink, store, committed } = notedSink()
    const root = await copy(registry.client.repository('registry.test/repo'), sink, { from, to }, { retry })
    expect(root.digest).toBe(image.manifest.digest)
    expect(await store.resolve(to)).toMatchObject({ digest: image.manifest.digest })
    expect(await visible(store)).toEqual(new Set(image.blobs.keys()))
    expect(committed.at(-1)).toBe(image.manifest.digest)
  })

  test('copies a whole index: each manifest after its children, shared blobs once', async () => {
    const shared = await noiseLayer(1, 1000)
    const images = [await buildImage({ layers: [shared] }), await buildImage({ layers: [shared], platform: ARM64 })]
    const index = buildIndex([buildIndex(images), images[0] ?? (await buildImage())])
    const registry = await testRegistry(['repo', 'v1', index])
    const { sink, store, committed } = notedSink()
    await copy(registry.client.repository('registry.test/repo'), sink, { from, to }, { retry })
    expect(await visible(store)).toEqual(new Set(index.blobs.keys()))
    expect(committed).toHaveLength(index.blobs.size)
    expect(committed.at(-1)).toBe(index.manifest.digest)
    for (const image of images) {
      const place = committed.indexOf(image.manifest.digest)
      for (const child of image.blobs.keys()) expect(committed.indexOf(child)).toBeLessThanOrEqual(place)
    }
    expect(registry.blobRequests().filter((line) => line.endsWith(shared.descriptor.digest))).toHaveLength(1)
  })

  test('copies the one image of a platform', async () => {
    const arm64 = await buildImage({ platform: ARM64 })
    const registry = await testRegistry(['repo', 'v1', buildIndex([await buildImage(), arm64])])
    const { sink, store } = notedSink()
    const source = registry.client.repository('registry.test/repo')
    const root = await copy(source, sink, { from, to }, { retry, platform: ARM64 })
    expect(root.digest).toBe(arm64.manifest.digest)
    expect(await visible(store)).toEqual(new Set(arm64.blobs.keys()))
    const riscv = { os: 'linux', architecture: 'riscv64' }
    const error = await failure(copy(source, sink, { from, to }, { retry, platform: riscv }))
    expect(codesOf(error)).toEqual(['ERR_PLATFORM_NOT_FOUND'])
  })

  test('copies between stores by descriptor and sends nothing that is there', async () => {
    const image = await buildImage({ layers: [await noiseLayer(1, 1000)] })
    const source = await storeOf(image)
    const { sink, committed } = notedSink()
    const events: DistributionEvent[] = []
    const onEvent = (event: DistributionEvent): void => void events.push(event)
    await copy(source, sink, { from: image.manifest, to })
    expect(committed).toHaveLength(3)
    await copy(source, sink, { from: image.manifest, to }, { onEvent })
    expect(committed).toHaveLength(3)
    expect(events.map((event) => event.type === 'layer' && event.layer.state)).toEqual(['exists', 'exists'])
  })

  test('stops at the first failure: no manifest is written, nothing is named, the bytes stay', async () => {
    const [bad, slow] = [await noiseLayer(1, 1000), await noiseLayer(2, 100_000)]
    const image = await buildImage({ layers: [bad, slow] })
    const registry = await testRegistry(['repo', 'v1', image])
    const reached = Promise.withResolvers<void>()
    let hasStopped = false
    const hold = onBlob(slow.descriptor, (response, { signal }) =>
      withBody(response, async function* () {
        try {
          yield slow.bytes.slice(0, 20_000)
          reached.resolve()
          await new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
          )
        } finally {
          hasStopped = true
        }
      }),
    )
    registry.fault = (request, next) =>
      request.url.endsWith(bad.descriptor.digest)
        ? reached.promise.then(() => refusal(404, 'BLOB_UNKNOWN'))
        : hold(request, next)
    const { sink, store, committed } = notedSink()
    const source = registry.client.repository('registry.test/repo')
    const error = await failure(copy(source, sink, { from, to }, { retry }))
    expect(error).toBeInstanceOf(TransferError)
    expect(error.message).toMatch(new RegExp(`^Cannot fetch blob ${bad.descriptor.digest} from the source: `))
    expect(hasStopped).toBe(true)
    expect(committed).not.toContain(image.manifest.digest)
    expect(codesOf(await failure(store.resolve(to)))).toEqual(['ERR_NAME_NOT_FOUND'])
    expect(await pendingBytes(store, slow.descriptor)).toBe(20_000)
    registry.fault = undefined
    await copy(source, sink, { from, to }, { retry })
    expect(registry.ranges).toEqual(['bytes=20000-'])
    expect(await visible(store)).toEqual(new Set(image.blobs.keys()))
  })

  test('a flipped byte in a layer', async () => {
    const layer = await noiseLayer(1, 1000)
    const registry = await testRegistry(['repo', 'v1', await buildImage({ layers: [layer] })])
    registry.fault = onBlob(layer.descriptor, (response) => withBody(response, (body) => flipByte(body, 9)))
    const { sink, store } = notedSink()
    const source = registry.client.repository('registry.test/repo')
    const error = await failure(copy(source, sink, { from, to }, { retry }))
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
    expect((await visible(store)).has(layer.descriptor.digest)).toBe(false)
  })

  test('retries manifests and layers', async () => {
    const layer = await noiseLayer(1, 50_000)
    const image = await buildImage({ layers: [layer] })
    const registry = await testRegistry(['repo', 'v1', image])
    // HEAD and GET of the same manifest, twice.
    let failures = 4
    let drops = 1
    const drop = onBlob(layer.descriptor, (response) =>
      drops-- > 0 ? withBody(response, (body) => dropAfter(body, 9000)) : response,
    )
    registry.fault = (request, next) =>
      request.url.includes('/manifests/') && failures-- > 0
        ? Promise.resolve(refusal(503, 'UNAVAILABLE'))
        : drop(request, next)
    const events: DistributionEvent[] = []
    const onEvent = (event: DistributionEvent): void => void events.push(event)
    const { sink } = notedSink()
    await copy(registry.client.repository('registry.test/repo'), sink, { from, to }, { retry, onEvent })
    expect(events.filter((event) => event.type === 'retrying')).toHaveLength(2)
    expect(registry.ranges).toEqual(['bytes=9000-'])
  })

  test('reports failures of the sink as such, at each step', async () => {
    const image = await buildImage()
    const source = await storeOf(image)
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' })
    const broken = async (): Promise<never> => {
      throw full
    }
    for (const part of ['has', 'begin', 'tag'] as const) {
      const sink = { ...notedSink().sink, [part]: broken }
      const error = await failure(copy(source, sink, { from: image.manifest, to }))
      expect(error).toMatchObject({ code: 'ERR_TRANSFER', side: 'sink', cause: full })
    }
  })

  test('rejects with the reason of its signal', async () => {
    const image = await buildImage()
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    await expect(copy(await storeOf(image), notedSink().sink, { from: image.manifest, to }, { signal })).rejects.toBe(
      reason,
    )
  })
})

test('copies into other sinks and pulls with one transfer manager do not take bytes for there that are elsewhere', async () => {
  const image = await buildImage({ layers: [await noiseLayer(1, 50_000)] })
  const registry = await testRegistry(['repo', 'v1', image])
  const transfers = createTransferManager<LayerState>({ limit: 3 })
  const source = registry.client.repository('registry.test/repo')
  const sinks = [notedSink(), notedSink()]
  const store = testStore()
  await Promise.all([
    pull(registry.client, store, from, { platform: { os: 'linux', architecture: 'amd64' }, retry, transfers }),
    ...sinks.map(({ sink }) => copy(source, sink, { from, to }, { retry, transfers })),
  ])
  for (const each of [store.blobs, ...sinks.map((sink) => sink.store)]) {
    expect(await visible(each)).toEqual(new Set(image.blobs.keys()))
  }
})

test('copies of random graphs have the same closure', async () => {
  const layers = await Promise.all(Array.from({ length: 4 }, (_, seed) => noiseLayer(seed, 300)))
  type Graph = TestImage | TestIndex
  const image = fc.tuple(fc.array(fc.constantFrom(...layers), { minLength: 1, maxLength: 4 }), fc.nat(3)).map(
    ([chosen, author]): (() => Promise<Graph>) =>
      () =>
        buildImage({ layers: chosen, config: { author: String(author) } }),
  )
  const graph = fc.letrec<{ node: () => Promise<Graph> }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      image,
      fc
        .array(tie('node'), { minLength: 1, maxLength: 4 })
        .map((children) => async () => buildIndex(await Promise.all(children.map((child) => child())))),
    ),
  })).node
  await fc.assert(
    fc.asyncProperty(graph, async (build) => {
      const root = await build()
      const source = await storeOf(root)
      const { sink, store, committed } = notedSink()
      await copy(source, sink, { from: root.manifest, to })
      expect(await visible(store)).toEqual(new Set(root.blobs.keys()))
      expect(new Set(committed).size).toBe(committed.length)
      const walked = new Set<Digest>()
      for await (const { descriptor } of walk(store, root.manifest)) walked.add(descriptor.digest)
      expect(walked).toEqual(new Set(root.blobs.keys()))
    }),
    { numRuns: 60 },
  )
})
