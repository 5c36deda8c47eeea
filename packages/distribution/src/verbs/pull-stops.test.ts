import { createTransferManager } from '@drayage/transfer'
import { buildImage, type TestImage, type TestLayer } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pull, type DistributionEvent, type LayerState, type PullOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { onBlob, refusal, testRegistry, withBody, type Fault } from '../test/test-registry.ts'
import { pendingBytes, testStore, visible, type TestStore } from '../test/test-store.ts'

const options: PullOptions = { platform: { os: 'linux', architecture: 'amd64' }, retry: { attempts: 5, stepMs: 0 } }

/** Lets every promise and stream that is ready run on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A fault that gives `count` bytes of a layer and then waits for the gate. */
function gated(
  layer: TestLayer,
  count: number,
): {
  readonly fault: Fault
  readonly open: () => void
  readonly reached: Promise<void>
  readonly closed: () => boolean
} {
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  let isClosed = false
  const fault = onBlob(layer.descriptor, (response, { signal }) =>
    withBody(response, async function* () {
      try {
        yield layer.bytes.slice(0, count)
        reached.resolve()
        const aborted = Promise.withResolvers<never>()
        aborted.promise.catch(() => {})
        signal?.addEventListener('abort', () => aborted.reject(signal.reason), { once: true })
        await Promise.race([gate.promise, aborted.promise])
        yield layer.bytes.slice(count)
      } finally {
        isClosed = true
      }
    }),
  )
  return { fault, open: gate.resolve, reached: reached.promise, closed: () => isClosed }
}

/** A store whose writes are noted, so that late ones can be told. */
function watched(store: TestStore): { readonly store: TestStore; readonly writes: () => number } {
  let writes = 0
  const begin: TestStore['content']['begin'] = async (key, each) => {
    const ingest = await store.blobs.begin(key, each)
    return new Proxy(ingest, {
      get(target, property) {
        writes++
        const value: unknown = Reflect.get(target, property)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  return { store: { ...store, content: { ...store.content, begin } }, writes: () => writes }
}

describe('abort', () => {
  test('rejects with the reason itself, keeps the bytes, and the next pull resumes after them', async () => {
    const layer = await noiseLayer(1, 100_000)
    const image = await buildImage({ layers: [layer] })
    const registry = await testRegistry(['repo', 'v1', image])
    const { store, writes } = watched(testStore())
    const gate = gated(layer, 40_000)
    registry.fault = gate.fault
    const controller = new AbortController()
    const run = pull(registry.client, store, 'registry.test/repo:v1', { ...options, signal: controller.signal })
    const reason = new Error('enough')
    run.catch(() => {})
    await gate.reached
    await settle()
    controller.abort(reason)
    await expect(run).rejects.toBe(reason)
    expect(gate.closed()).toBe(true)
    expect(store.measuring()).toBe(0)
    const before = writes()
    await settle()
    expect(writes()).toBe(before)
    expect(await pendingBytes(store.blobs, layer.descriptor)).toBe(40_000)
    expect(store.names.size).toBe(0)

    registry.fault = undefined
    await pull(registry.client, store, 'registry.test/repo:v1', options)
    expect(registry.ranges).toEqual(['bytes=40000-'])
    expect(store.names.size).toBe(2)
  })

  test('before the start sends nothing', async () => {
    const registry = await testRegistry(['repo', 'v1', await buildImage()])
    const reason = new Error('before')
    const run = pull(registry.client, testStore(), 'registry.test/repo:v1', {
      ...options,
      signal: AbortSignal.abort(reason),
    })
    await expect(run).rejects.toBe(reason)
    expect(registry.blobRequests()).toEqual([])
  })

  test('ends the wait between two tries', async () => {
    const image = await buildImage({ layers: [await noiseLayer(1, 1000)] })
    const registry = await testRegistry(['repo', 'v1', image])
    const controller = new AbortController()
    const reason = new Error('waited enough')
    registry.fault = (request) =>
      request.url.includes('/blobs/') ? Promise.resolve(refusal(503, 'UNAVAILABLE')) : undefined
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.layer.state === 'retrying') controller.abort(reason)
    }
    const patient = { ...options, retry: { attempts: 5, stepMs: 3_600_000 }, signal: controller.signal, onEvent }
    await expect(pull(registry.client, testStore(), 'registry.test/repo:v1', patient)).rejects.toBe(reason)
  })
})

describe('failure of one part', () => {
  test('stops the other layers, all of which have stopped when the pull rejects', async () => {
    const [bad, slow] = [await noiseLayer(1, 1000), await noiseLayer(2, 100_000)]
    const image = await buildImage({ layers: [bad, slow] })
    const registry = await testRegistry(['repo', 'v1', image])
    const { store, writes } = watched(testStore())
    const gate = gated(slow, 30_000)
    registry.fault = (request, next) =>
      request.url.endsWith(bad.descriptor.digest)
        ? gate.reached.then(() => refusal(404, 'BLOB_UNKNOWN'))
        : gate.fault(request, next)
    const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
    expect(error.message).toMatch(new RegExp(`^Cannot fetch blob ${bad.descriptor.digest} from the source: `))
    expect([gate.closed(), store.measuring()]).toEqual([true, 0])
    const before = writes()
    await settle()
    expect(writes()).toBe(before)
    expect(await pendingBytes(store.blobs, slow.descriptor)).toBe(30_000)
  })

  test('a full store is reported as the sink with the layer, and is not retried', async () => {
    const layer = await noiseLayer(1, 100_000)
    const image = await buildImage({ layers: [layer] })
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', problem: 'unwritable' })
    const begin: TestStore['content']['begin'] = async (key, each) => {
      const ingest = await store.blobs.begin(key, each)
      if (key !== layer.descriptor.digest) return ingest
      const append: typeof ingest.append = async (source) => {
        for await (const _chunk of source) throw full
      }
      return {
        get offset() {
          return ingest.offset
        },
        append,
        commit: ingest.commit,
        reset: ingest.reset,
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
      }
    }
    const run = pull(
      registry.client,
      { ...store, content: { ...store.content, begin } },
      'registry.test/repo:v1',
      options,
    )
    const error = await failure(run)
    expect(error).toMatchObject({ side: 'sink', operation: 'store', cause: full })
    expect(error.message).toBe(`Cannot store blob ${layer.descriptor.digest} at the target: no space left on device`)
    expect(registry.blobRequests().filter((line) => line.endsWith(layer.descriptor.digest))).toHaveLength(1)
  })

  test('every other step in the store is reported as the sink too', async () => {
    const image = await buildImage()
    const registry = await testRegistry(['repo', 'v1', image])
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', problem: 'unwritable' })
    const broken = async (): Promise<never> => {
      throw full
    }
    const { content, layers, images } = testStore()
    const stores = [
      { content: { ...content, keep: broken }, layers, images },
      { content: { ...content, begin: broken }, layers, images },
      { content, layers: { ...layers, find: broken }, images },
      { content, layers: { ...layers, measure: broken }, images },
      { content, layers: { ...layers, register: broken }, images },
      { content, layers, images: { ...images, targetOf: broken } },
      { content, layers, images: { ...images, findImage: broken } },
      { content, layers, images: { ...images, putImages: broken } },
    ]
    for (const store of stores) {
      const error = await failure(pull(registry.client, store, 'registry.test/repo:v1', options))
      expect(error).toMatchObject({ code: 'ERR_TRANSFER', side: 'sink', cause: full })
    }
    await pull(registry.client, { content, layers, images }, 'registry.test/repo:v1', options)
    const unnamed = { content, layers, images: { ...images, putImages: broken } }
    const error = await failure(pull(registry.client, unnamed, 'registry.test/repo:v1', options))
    expect(error).toMatchObject({ side: 'sink', cause: full })
  })
})

test('a layer is measured again from the store when the first time was lost for a reason that is not its own', async () => {
  const registry = await testRegistry(['repo', 'v1', await buildImage()])
  const lost = Object.assign(new Error('lost'), { doubtful: true })
  const pullLosing = async (times: number): Promise<unknown> => {
    const store = testStore()
    let left = times
    const measure: typeof store.layers.measure = async (source, each) => {
      if (left-- > 0) throw lost
      return await store.layers.measure(source, each)
    }
    return await pull(
      registry.client,
      { ...store, layers: { ...store.layers, measure } },
      'registry.test/repo:v1',
      options,
    )
  }
  await pullLosing(1)
  expect(await failure(pullLosing(2))).toMatchObject({ code: 'ERR_TRANSFER', side: 'source', cause: lost })
})

describe('two pulls at a time', () => {
  async function twoImages(): Promise<{ readonly base: TestLayer; readonly images: readonly [TestImage, TestImage] }> {
    const base = await noiseLayer(1, 100_000)
    const images = [
      await buildImage({ layers: [base, await noiseLayer(2, 100)] }),
      await buildImage({ layers: [base, await noiseLayer(3, 100)] }),
    ] as const
    return { base, images }
  }

  test('fetch a layer that both have once', async () => {
    const { base, images } = await twoImages()
    const registry = await testRegistry(['one', 'v1', images[0]], ['two', 'v1', images[1]])
    const store = testStore()
    const transfers = createTransferManager<LayerState>({ limit: 3 })
    await Promise.all(
      ['one', 'two'].map((name) => pull(registry.client, store, `registry.test/${name}:v1`, { ...options, transfers })),
    )
    expect(registry.blobRequests().filter((line) => line.endsWith(base.descriptor.digest))).toHaveLength(1)
    expect(store.imagesById.size).toBe(2)
  })

  test('the first to leave cancels nothing, the last one does', async () => {
    const { base, images } = await twoImages()
    const registry = await testRegistry(['one', 'v1', images[0]], ['two', 'v1', images[1]])
    const store = testStore()
    const transfers = createTransferManager<LayerState>({ limit: 3 })
    const gate = gated(base, 50_000)
    registry.fault = gate.fault
    const controllers = [new AbortController(), new AbortController()] as const
    const joined = Promise.withResolvers<void>()
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.digest === base.descriptor.digest && event.layer.state === 'downloading')
        joined.resolve()
    }
    const shared = { ...options, transfers }
    const first = pull(registry.client, store, 'registry.test/one:v1', { ...shared, signal: controllers[0].signal })
    first.catch(() => {})
    await gate.reached
    const second = pull(registry.client, store, 'registry.test/two:v1', {
      ...shared,
      signal: controllers[1].signal,
      onEvent,
    })
    second.catch(() => {})
    await joined.promise
    await settle()
    const [one, two] = [new Error('first leaves'), new Error('second leaves')]
    controllers[0].abort(one)
    await expect(first).rejects.toBe(one)
    await settle()
    expect([gate.closed(), transfers.active]).toEqual([false, 1])
    controllers[1].abort(two)
    await expect(second).rejects.toBe(two)
    expect([gate.closed(), transfers.active, store.measuring()]).toEqual([true, 0, 0])
    expect(await pendingBytes(store.blobs, base.descriptor)).toBe(50_000)
  })

  test('the second gets its image when the first, which began the layer, leaves', async () => {
    const { base, images } = await twoImages()
    const registry = await testRegistry(['one', 'v1', images[0]], ['two', 'v1', images[1]])
    const store = testStore()
    const transfers = createTransferManager<LayerState>({ limit: 3 })
    const gate = gated(base, 50_000)
    registry.fault = gate.fault
    const controller = new AbortController()
    const first = pull(registry.client, store, 'registry.test/one:v1', {
      ...options,
      transfers,
      signal: controller.signal,
    })
    first.catch(() => {})
    await gate.reached
    const second = pull(registry.client, store, 'registry.test/two:v1', { ...options, transfers })
    await settle()
    const reason = new Error('leaves')
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    gate.open()
    expect(await second).toMatchObject({ image: images[1].imageId })
    expect((await visible(store.blobs)).has(base.descriptor.digest)).toBe(true)
    expect(codesOf(reason)).toEqual([])
  })
})
