import type { HttpClient, HttpResponse } from '@drayage/content'
import { buildImage, type TestImage, type TestLayer } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pull, type DistributionEvent, type PullOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import {
  dropAfter,
  flipByte,
  onBlob,
  push,
  refusal,
  testRegistry,
  withBody,
  type TestRegistry,
} from '../test/test-registry.ts'
import { pendingBytes, testStore, visible, type TestStore } from '../test/test-store.ts'

const options: PullOptions = { platform: { os: 'linux', architecture: 'amd64' }, retry: { attempts: 5, stepMs: 0 } }
const NAME = 'registry.test/repo:v1'

interface Scene {
  readonly layer: TestLayer
  readonly image: TestImage
  readonly registry: TestRegistry
  readonly store: TestStore
  readonly events: DistributionEvent[]
  readonly pull: (signal?: AbortSignal) => Promise<unknown>
  /** Retries that were shown, for the layer and for small requests. */
  readonly retries: () => number[]
}

async function scene(bytes = 200_000, ...others: TestLayer[]): Promise<Scene> {
  const layer = await noiseLayer(7, bytes)
  const image = await buildImage({ layers: [layer, ...others] })
  const registry = await testRegistry(['repo', 'v1', image])
  const store = testStore()
  const events: DistributionEvent[] = []
  const onEvent = (event: DistributionEvent): void => void events.push(event)
  return {
    layer,
    image,
    registry,
    store,
    events,
    pull: (signal) => pull(registry.client, store, NAME, { ...options, onEvent, signal }),
    retries: () =>
      events.flatMap((event) => {
        if (event.type === 'layer' && event.layer.state === 'retrying') return [event.layer.retry]
        return event.type === 'retrying' ? [0] : []
      }),
  }
}

/** Requests of one kind get these answers first; the registry's own when they are used up. */
function burst(
  isMeant: (path: string) => boolean,
  ...answers: (() => HttpResponse)[]
): (request: { url: string }, next: HttpClient) => Promise<HttpResponse> | undefined {
  return ({ url }) => {
    const answer = isMeant(new URL(url).pathname) ? answers.shift() : undefined
    return answer === undefined ? undefined : Promise.resolve(answer())
  }
}

describe('a layer that breaks off', () => {
  test('continues with a range from the byte where it broke', async () => {
    const { layer, registry, store, pull: run, retries } = await scene()
    let drops = 1
    registry.fault = onBlob(layer.descriptor, (response) =>
      drops-- > 0 ? withBody(response, (body) => dropAfter(body, 100_001)) : response,
    )
    await run()
    expect(registry.ranges).toEqual(['bytes=100001-'])
    expect(retries()).toEqual([1])
    expect(store.names.size).toBe(2)
  })

  test('is not accepted short, and counts as five tries when it makes no progress', async () => {
    const { layer, registry, store, pull: run, retries } = await scene()
    let requests = 0
    registry.fault = onBlob(layer.descriptor, (response) => {
      requests++
      return withBody(response, async function* () {})
    })
    const error = await failure(run())
    expect(requests).toBe(5)
    expect(retries()).toEqual([1, 2, 3, 4])
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY_TRUNCATED'])
    expect(error.message).toMatch(new RegExp(`^Cannot fetch blob ${layer.descriptor.digest} from the source: `))
    expect(error).toMatchObject({ side: 'source', operation: 'fetch', what: `blob ${layer.descriptor.digest}` })
    expect(store.names.size).toBe(0)
  })

  test('is left after five tries that brought a few bytes each', async () => {
    const { layer, registry, store, pull: run, retries } = await scene(10 * 1024 * 1024)
    registry.fault = onBlob(layer.descriptor, (response) => withBody(response, (body) => dropAfter(body, 1000)))
    expect(codesOf(await failure(run()))[0]).toBe('ERR_TRANSFER')
    expect(retries()).toEqual([1, 2, 3, 4])
    expect(store.names.size).toBe(0)
  })

  test('starts the count of tries anew after 64 KiB of progress', async () => {
    const { layer, registry, store, pull: run, retries } = await scene(1024 * 1024)
    registry.fault = onBlob(layer.descriptor, (response) =>
      withBody(response, (body) => dropAfter(body, 64 * 1024 + 1)),
    )
    await run()
    expect(retries().length).toBeGreaterThan(14)
    expect(new Set(retries())).toEqual(new Set([1]))
    expect(store.names.size).toBe(2)
  })

  test('adds up progress of several tries', async () => {
    const { layer, registry, pull: run, retries } = await scene(1024 * 1024)
    registry.fault = onBlob(layer.descriptor, (response) => withBody(response, (body) => dropAfter(body, 20_000)))
    await run()
    expect(retries().slice(0, 8)).toEqual([1, 2, 3, 1, 2, 3, 4, 1])
  })

  test('resumes at a registry that ignores ranges', async () => {
    const { layer, registry, store, pull: run } = await scene()
    let drops = 1
    registry.fault = (request, next) =>
      onBlob(layer.descriptor, (response) =>
        drops-- > 0 ? withBody(response, (body) => dropAfter(body, 70_000)) : response,
      )({ ...request, headers: {} }, next)
    await run()
    expect(registry.ranges).toEqual(['bytes=70000-'])
    expect(store.names.size).toBe(2)
  })

  test('survives a shifted range', async () => {
    const { layer, registry, store, pull: run } = await scene()
    let drops = 1
    registry.fault = onBlob(layer.descriptor, (response) => {
      if (drops-- > 0) return withBody(response, (body) => dropAfter(body, 70_000))
      if (response.status !== 206) return response
      const { size } = layer.descriptor
      return { ...response, headers: { ...response.headers, 'content-range': `bytes 69999-${size - 1}/${size}` } }
    })
    await run()
    expect(store.names.size).toBe(2)
  })

  test('is asked for twice more when its Content-Length cannot be right', async () => {
    const { layer, registry, pull: run, retries } = await scene()
    registry.fault = onBlob(layer.descriptor, (response) => ({
      ...response,
      headers: { ...response.headers, 'content-length': String(layer.descriptor.size + 1) },
    }))
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_CONTENT_LONG'])
    expect(retries()).toEqual([1, 2])
  })
})

describe('failures that can pass', () => {
  test('retries every kind of request after a 503', async () => {
    const { layer, image, registry, store, pull: run, retries } = await scene()
    const meant = [`/manifests/v1`, `/manifests/${image.manifest.digest}`, image.config.digest, layer.descriptor.digest]
    const refused = (): HttpResponse => refusal(503, 'UNAVAILABLE')
    const faults = meant.map((end) =>
      // The tag is asked for by HEAD, and then by GET.
      burst((path) => path.endsWith(end), ...(end === '/manifests/v1' ? [refused, refused] : [refused])),
    )
    registry.fault = (request, next) => faults.map((fault) => fault(request, next)).find((each) => each !== undefined)
    await run()
    expect(retries().toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1])
    expect(store.names.size).toBe(2)
  })

  test('gives up after five tries, for a manifest as well', async () => {
    const { registry, pull: run, retries } = await scene()
    registry.fault = () => Promise.resolve(refusal(500, 'UNKNOWN'))
    const error = await failure(run())
    expect(codesOf(error)[0]).toBe('ERR_TRANSFER')
    expect(error.message).toMatch(/^Cannot resolve "registry\.test\/repo:v1" from the source: /)
    expect(retries()).toEqual([0, 0, 0, 0])
  })

  test('waits as long as a 429 says, and shows it', async () => {
    const { layer, registry, events, pull: run } = await scene()
    const wait = { 'retry-after': '1' }
    registry.fault = burst(
      (path) => path.endsWith(layer.descriptor.digest),
      () => refusal(429, 'TOOMANYREQUESTS', wait),
    )
    await run()
    const shown = events.flatMap((event) => (event.type === 'layer' ? [event.layer] : []))
    expect(shown).toContainEqual(expect.objectContaining({ state: 'retrying', secondsLeft: 1, retry: 1 }))
  })

  test('names the host of an unreachable registry after five tries', async () => {
    const { registry, pull: run, retries } = await scene()
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    registry.fault = () => Promise.reject(refused)
    const error = await failure(run())
    expect(codesOf(error)).toContain('ERR_REGISTRY_UNREACHABLE')
    expect(error.message).toContain('registry.test')
    expect(retries()).toHaveLength(4)
  })

  test('a layer that is not there is asked for twice more, and named', async () => {
    const { layer, registry, pull: run, retries } = await scene()
    await registry.storage.blobs.unlink('repo', layer.descriptor.digest)
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_CONTENT_NOT_FOUND', 'ERR_REGISTRY_NOT_FOUND'])
    expect(error.message).toMatch(new RegExp(`^Cannot fetch blob ${layer.descriptor.digest} from the source: `))
    expect(retries()).toEqual([1, 2])
  })

  test('a tag that is not there is reported at once', async () => {
    const { registry, pull: run, retries } = await scene(1000)
    await registry.storage.tags.remove('repo', 'v1')
    expect(codesOf(await failure(run()))[0]).toBe('ERR_PULL_NOT_FOUND')
    expect(retries()).toEqual([])
  })
})

describe('a tag that moves', () => {
  test('to another image while the one that it stood for is removed gives the new one', async () => {
    const { image, registry, store, pull: run } = await scene(1000)
    const moved = await buildImage({ layers: [await noiseLayer(9, 2000)] })
    const first = `/manifests/${image.manifest.digest}`
    registry.fault = ({ url }) =>
      url.endsWith(first)
        ? push(registry.storage, 'repo', 'v1', moved).then(() => refusal(404, 'MANIFEST_UNKNOWN'))
        : undefined
    await run()
    expect(store.names.get(NAME)?.digest).toBe(moved.manifest.digest)
    expect(await visible(store.blobs)).toEqual(new Set(moved.blobs.keys()))
  })

  test('every time it is looked at is not run after', async () => {
    const { registry, store, pull: run } = await scene(1000)
    let digits = 0
    registry.fault = (request, next) =>
      request.method === 'HEAD'
        ? next(request).then((response) => {
            const digest = `sha256:${String(++digits).padStart(64, '0')}`
            return { ...response, headers: { ...response.headers, 'docker-content-digest': digest } }
          })
        : undefined
    expect(codesOf(await failure(run()))).toContain('ERR_DIGEST_MISMATCH')
    expect(digits).toBe(2)
    expect(await visible(store.blobs)).toEqual(new Set())
  })
})

describe('wrong bytes', () => {
  test('a flipped byte names the layer, shows nothing, and costs only that layer in the next pull', async () => {
    const other = await noiseLayer(8, 1000)
    const { layer, image, registry, store, pull: run, retries } = await scene(200_000, other)
    registry.fault = onBlob(layer.descriptor, (response) => withBody(response, (body) => flipByte(body, 150_000)))
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
    expect(error.message).toMatch(
      new RegExp(
        `^Cannot verify blob ${layer.descriptor.digest} from the source: .*expected ${layer.descriptor.digest}$`,
      ),
    )
    expect(retries()).toEqual([])
    expect([store.names.size, store.imagesById.size, store.layersByChain.size]).toEqual([0, 0, 0])
    const kept = await visible(store.blobs)
    expect(kept.has(layer.descriptor.digest)).toBe(false)
    expect(kept.has(other.descriptor.digest)).toBe(true)
    expect(await pendingBytes(store.blobs, layer.descriptor)).toBe(0)

    registry.fault = undefined
    registry.requests.length = 0
    await run()
    expect(registry.blobRequests()).toEqual([`GET /v2/repo/blobs/${layer.descriptor.digest}`])
    expect(store.names.get(NAME)?.digest).toBe(image.manifest.digest)
  })

  test('a wrong resumed prefix is dropped and fetched once more', async () => {
    const { layer, registry, store, pull: run } = await scene()
    {
      await using ingest = await store.blobs.begin(layer.descriptor.digest)
      await ingest.append(damagedPart(layer.bytes, 50_000))
    }
    await run()
    expect(registry.ranges).toEqual(['bytes=50000-'])
    expect(registry.blobRequests().filter((line) => line.endsWith(layer.descriptor.digest))).toHaveLength(2)
    expect(store.names.size).toBe(2)
  })

  test('wrong bytes from two parts of one pull are fetched once more, and only once', async () => {
    const { layer, registry, store, pull: run } = await scene()
    let requests = 0
    registry.fault = onBlob(layer.descriptor, (response) => {
      requests++
      const flipped = withBody(response, (body) => flipByte(body, 10))
      return requests === 1 ? withBody(flipped, (body) => dropAfter(body, 60_000)) : flipped
    })
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
    expect(requests).toBe(3)
    expect(store.names.size).toBe(0)
  })

  test('an ingest that holds more than the layer starts anew', async () => {
    const { layer, registry, store, pull: run } = await scene(1000)
    {
      await using ingest = await store.blobs.begin(layer.descriptor.digest)
      await ingest.append(damagedPart(new Uint8Array(layer.descriptor.size + 1), layer.descriptor.size + 1))
    }
    await run()
    expect(registry.ranges).toEqual([])
    expect(store.names.size).toBe(2)
  })

  test('a manifest whose bytes do not have its digest', async () => {
    const { image, registry, store, pull: run } = await scene(1000)
    registry.fault = (request, next) =>
      request.method === 'GET' && request.url.includes('/manifests/')
        ? next(request).then((response) => withBody(response, (body) => flipByte(body, 5)))
        : undefined
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
    expect(error.message).toMatch(new RegExp(`^Cannot fetch manifest ${image.manifest.digest} from the source: `))
    expect(await visible(store.blobs)).toEqual(new Set())
  })

  test('a config whose bytes are wrong stops the layers', async () => {
    const { image, registry, store, pull: run } = await scene(1000)
    registry.fault = onBlob(image.config, (response) => withBody(response, (body) => flipByte(body, 5)))
    const error = await failure(run())
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
    expect(error.message).toMatch(new RegExp(`^Cannot fetch image config ${image.config.digest} from the source: `))
    expect(store.names.size).toBe(0)
  })
})

/** The first `count` bytes, one of them flipped. */
async function* damagedPart(bytes: Uint8Array, count: number): AsyncGenerator<Uint8Array, void, void> {
  const part = bytes.slice(0, count)
  part[10] = (part[10] ?? 0) ^ 0xff
  yield part
}
