import { parseReference, parseRepository } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { RESTORE_TRIES } from '../defaults.ts'
import { push, type DistributionEvent, type LayerState } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { refusal, testRegistry } from '../test/test-registry.ts'
import { storeOf } from '../test/test-store.ts'

const to = parseReference('registry.test/team/app:v1')
const retry = { attempts: 5, stepMs: 0 }

const threeLayers = async (): Promise<TestImage> =>
  buildImage({ layers: [await noiseLayer(1, 3000), await noiseLayer(2, 2000), await noiseLayer(3, 1000)] })

const layersOf = (events: readonly DistributionEvent[]): LayerState[] =>
  events.flatMap((event) => (event.type === 'layer' ? [event.layer] : []))

describe('push()', () => {
  test('brings an image to a repository with unchanged digests, and reports each step', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const events: DistributionEvent[] = []
    const sink = registry.client.repository(to)
    const pushed = await push(
      await storeOf(image),
      sink,
      { from: image.manifest, to },
      { onEvent: (e) => events.push(e) },
    )
    expect(pushed).toEqual(image.manifest)
    expect((await sink.manifest(to)).bytes).toEqual(image.manifestBytes)
    for (const { descriptor } of image.layers) expect(await sink.has(descriptor)).toBe(true)
    const { digest, size } = image.manifest
    expect(events[0]).toEqual({ type: 'pushing', repository: 'registry.test/team/app' })
    expect(events.at(-1)).toEqual({ type: 'pushed', tag: 'v1', digest, size })
    for (const { descriptor } of image.layers) {
      const states = events.flatMap((event) =>
        event.type === 'layer' && event.digest === descriptor.digest ? [event.layer.state] : [],
      )
      expect(states[0]).toBe('queued')
      expect(states.at(-1)).toBe('complete')
    }
  })

  test('an unreachable registry is reported within seconds, whatever the waits of transfers', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    registry.fault = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    const waits: number[] = []
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.layer.state === 'retrying') waits.push(event.layer.secondsLeft)
    }
    const slow = { retry: { attempts: 2, stepMs: 3_600_000 }, onEvent }
    const sink = registry.client.repository(to)
    const error = await failure(push(await storeOf(image), sink, { from: image.manifest, to }, slow))
    expect(codesOf(error)).toContain('ERR_REGISTRY_UNREACHABLE')
    expect(new Set(waits)).toEqual(new Set([1]))
  })

  test('sends no blob again', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const source = await storeOf(image)
    await push(source, registry.client.repository(to), { from: image.manifest, to })
    const before = registry.requests.length
    const events: DistributionEvent[] = []
    await push(source, registry.client.repository(to), { from: image.manifest, to }, { onEvent: (e) => events.push(e) })
    const methods = registry.requests.slice(before).map((request) => request.split(' ')[0])
    expect(methods.filter((method) => method === 'POST' || method === 'PATCH')).toEqual([])
    expect(layersOf(events).filter(({ state }) => state === 'exists')).toHaveLength(4)
  })

  test('mounts what another repository of the registry holds, with more tries for larger blobs', async () => {
    const image = await buildImage({ layers: [await noiseLayer(1, 3000), await noiseLayer(2, 150_000)] })
    const registry = await testRegistry(['team/base', 'v1', image])
    const events: DistributionEvent[] = []
    const refused: string[] = []
    const none = parseRepository('registry.test/team/none')
    await push(
      await storeOf(image),
      registry.client.repository(to),
      { from: image.manifest, to },
      {
        mountFrom: async () => [none, { ...none, path: 'team/empty' }, parseRepository('registry.test/team/base')],
        onMountRefused: async ({ size }, { path }) =>
          void refused.push(`${size > 100_000 ? 'large' : 'small'} ${path}`),
        onEvent: (e) => events.push(e),
      },
    )
    const layers = layersOf(events)
    expect(layers.filter((layer) => layer.state === 'mounted')).toEqual([{ state: 'mounted', from: 'team/base' }])
    expect(layers.filter(({ state }) => state === 'complete')).toHaveLength(2)
    expect(refused.toSorted()).toEqual(['large team/empty', 'large team/none', 'small team/none', 'small team/none'])
    expect((await registry.client.repository(to).resolve(to)).digest).toBe(image.manifest.digest)
  })

  test('pushes a whole index', async () => {
    const index = buildIndex([await threeLayers(), await buildImage({ layers: [await noiseLayer(4, 500)] })])
    const registry = await testRegistry()
    const sink = registry.client.repository(to)
    await push(await storeOf(index), sink, { from: index.manifest, to })
    expect((await sink.resolve(to)).digest).toBe(index.manifest.digest)
    for (const child of index.images) expect(await sink.has(child.manifest)).toBe(true)
  })

  test('tries failed requests again and says so', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    let failures = 0
    registry.fault = (request) =>
      request.method === 'POST' && failures++ < 2 ? Promise.resolve(refusal(503, 'UNAVAILABLE')) : undefined
    const events: DistributionEvent[] = []
    await push(
      await storeOf(image),
      registry.client.repository(to),
      { from: image.manifest, to },
      { retry, onEvent: (e) => events.push(e) },
    )
    expect((await registry.client.repository(to).resolve(to)).digest).toBe(image.manifest.digest)
    expect(events.some((event) => event.type === 'layer' && event.layer.state === 'retrying')).toBe(true)
  })

  test('copies the parts of a manifest that the registry lacks once more, and nothing else', async () => {
    const first = await threeLayers()
    const index = buildIndex([first, await buildImage({ layers: [await noiseLayer(4, 500)] })])
    const registry = await testRegistry()
    const sink = registry.client.repository(to)
    const [lost] = first.layers
    let isLost = false
    registry.fault = (request, next) => {
      if (request.method !== 'PUT' || !request.url.includes('/manifests/') || isLost) return undefined
      isLost = true
      return registry.storage.blobs
        .unlink('team/app', lost?.descriptor.digest ?? first.config.digest)
        .then(() => next(request))
    }
    await push(await storeOf(index), sink, { from: index.manifest, to }, { retry })
    expect((await sink.resolve(to)).digest).toBe(index.manifest.digest)
    const puts = registry.requests.filter((request) => request.startsWith('PUT') && request.includes('/uploads/'))
    expect(puts).toHaveLength(index.blobs.size - 3 + 1)
  })

  test('fails when the registry keeps lacking what it says it has', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    registry.fault = (request) =>
      request.method === 'PUT' && request.url.includes('/manifests/')
        ? Promise.resolve(refusal(400, 'MANIFEST_BLOB_UNKNOWN'))
        : undefined
    const sink = registry.client.repository(to)
    const error = await failure(push(await storeOf(image), sink, { from: image.manifest, to }, { retry }))
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY'])
    expect(
      registry.requests.filter((request) => request.includes('/manifests/') && request.startsWith('PUT')),
    ).toHaveLength(1 + RESTORE_TRIES)
  })

  test.each([
    [400, ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN']],
    [400, ['MANIFEST_BLOB_UNKNOWN', 'DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN']],
    [400, ['MANIFEST_BLOB_UNKNOWN']],
    [404, ['MANIFEST_BLOB_UNKNOWN', 'DIGEST_INVALID']],
    [404, ['BLOB_UNKNOWN']],
  ])(
    'puts each manifest again while others write its parts, of which the registry says %i %j',
    async (status, codes) => {
      const index = buildIndex([await threeLayers(), await buildImage({ layers: [await noiseLayer(4, 500)] })])
      const registry = await testRegistry()
      const refused = new Map<string, number>()
      registry.fault = (request) => {
        const times = refused.get(request.url) ?? 0
        if (request.method !== 'PUT' || !request.url.includes('/manifests/') || times === RESTORE_TRIES)
          return undefined
        refused.set(request.url, times + 1)
        return Promise.resolve(refusal(status, codes))
      }
      const sink = registry.client.repository(to)
      const waits: string[] = []
      const onEvent = (event: DistributionEvent): void => {
        if (event.type === 'retrying') waits.push(event.what)
      }
      const some = { retry: { attempts: 1, stepMs: 1 }, onEvent }
      await push(await storeOf(index), sink, { from: index.manifest, to }, some)
      expect((await sink.resolve(to)).digest).toBe(index.manifest.digest)
      expect(registry.requests.filter((request) => request.startsWith('POST'))).toHaveLength(index.blobs.size - 3)
      expect(new Set(waits)).toContain(`manifest ${index.manifest.digest}`)
    },
  )

  test('retries every kind of request', async () => {
    const image = await threeLayers()
    const registry = await testRegistry(['team/base', 'v1', await buildImage({ layers: [await noiseLayer(1, 3000)] })])
    const failed = new Set<string>()
    registry.fault = (request) => {
      const kind = `${request.method} ${request.url.includes('/manifests/') ? 'manifest' : 'blob'}`
      if (failed.has(kind)) return undefined
      failed.add(kind)
      return Promise.resolve(refusal(failed.size % 2 === 0 ? 503 : 429, 'UNAVAILABLE'))
    }
    const sink = registry.client.repository(to)
    const index = buildIndex([image])
    await push(await storeOf(index), sink, { from: index.manifest, to }, { retry })
    const blob = ['HEAD blob', 'POST blob', 'PUT blob', 'GET blob']
    expect(failed).toEqual(new Set([...blob, 'HEAD manifest', 'GET manifest', 'PUT manifest']))
    expect((await sink.resolve(to)).digest).toBe(index.manifest.digest)
  })

  test('asks for each piece once, and sends it once, the root by its tag alone', async () => {
    const image = await threeLayers()
    const index = buildIndex([image])
    const registry = await testRegistry()
    await push(await storeOf(index), registry.client.repository(to), { from: index.manifest, to })
    for (const digest of image.blobs.keys()) {
      expect(registry.requests.filter((line) => line.startsWith('HEAD') && line.endsWith(digest))).toHaveLength(1)
    }
    const manifests = registry.requests.filter((line) => line.includes('/manifests/'))
    expect(manifests.map((line) => line.replace('/v2/team/app/manifests/', ''))).toEqual([
      `HEAD ${image.manifest.digest}`,
      `PUT ${image.manifest.digest}`,
      'PUT v1',
    ])
  })

  test('a registry that asks one layer to wait gets no requests for the others either, and the wait counts down', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    let refusals = 0
    registry.fault = (request) => {
      const isFirst = request.method === 'POST' && refusals === 0
      if (isFirst) refusals++
      return isFirst ? Promise.resolve(refusal(429, 'TOOMANYREQUESTS', { 'retry-after': '2' })) : undefined
    }
    const waits: { readonly secondsLeft: number; readonly sent: number }[] = []
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.layer.state === 'retrying')
        waits.push({ secondsLeft: event.layer.secondsLeft, sent: registry.requests.length })
    }
    await push(await storeOf(image), registry.client.repository(to), { from: image.manifest, to }, { retry, onEvent })
    expect(refusals).toBe(1)
    expect(waits.map(({ secondsLeft }) => secondsLeft)).toEqual(expect.arrayContaining([2, 1]))
    // Layers that had begun before may be on their way; from then on nothing is sent until the time is over.
    const last = waits.filter(({ secondsLeft }) => secondsLeft === 1).map(({ sent }) => sent)
    expect(new Set(last).size).toBe(1)
    expect((await registry.client.repository(to).resolve(to)).digest).toBe(image.manifest.digest)
  })

  test('refuses a digest as a name', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const byDigest = parseReference(`registry.test/team/app@${image.manifest.digest}`)
    const pushing = push(await storeOf(image), registry.client.repository(to), { from: image.manifest, to: byDigest })
    await expect(pushing).rejects.toThrow('cannot push a digest reference')
    expect(registry.requests).toEqual([])
  })
})
