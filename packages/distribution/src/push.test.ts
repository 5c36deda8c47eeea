import { createMemoryStore, writeBlob, type MemoryStore } from '@drayage/content'
import { parseReference, parseRepository } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { dockerStatus, push, type DistributionEvent } from './index.ts'
import { noiseLayer } from './test/noise.ts'
import { refusal, testRegistry } from './test/test-registry.ts'

const to = parseReference('registry.test/team/app:v1')
const retry = { attempts: 5, stepMs: 0 }

async function stored(image: TestImage | TestIndex): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of image.blobs) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

const threeLayers = async (): Promise<TestImage> =>
  buildImage({ layers: [await noiseLayer(1, 3000), await noiseLayer(2, 2000), await noiseLayer(3, 1000)] })

describe('push()', () => {
  test('brings an image to a repository with unchanged digests, in the words of docker', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const events: DistributionEvent[] = []
    const sink = registry.client.repository(to)
    const pushed = await push(
      await stored(image),
      sink,
      { from: image.manifest, to },
      { onEvent: (e) => events.push(e) },
    )
    expect(pushed).toEqual(image.manifest)
    expect((await sink.manifest(to)).bytes).toEqual(image.manifestBytes)
    for (const { descriptor } of image.layers) expect(await sink.has(descriptor)).toBe(true)
    const lines = events.map((event) => dockerStatus(event, 'push'))
    expect(lines[0]).toEqual({ status: 'The push refers to repository [registry.test/team/app]' })
    expect(lines.at(-1)).toEqual({ status: `v1: digest: ${image.manifest.digest} size: ${image.manifest.size}` })
    for (const { descriptor } of image.layers) {
      const id = descriptor.digest.slice(7, 19)
      const said = lines.filter((line) => line.id === id).map((line) => line.status)
      expect(said[0]).toBe('Preparing')
      expect(said.at(-1)).toBe('Pushed')
    }
  })

  test('sends no blob again', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const source = await stored(image)
    await push(source, registry.client.repository(to), { from: image.manifest, to })
    const before = registry.requests.length
    const events: DistributionEvent[] = []
    await push(source, registry.client.repository(to), { from: image.manifest, to }, { onEvent: (e) => events.push(e) })
    const methods = registry.requests.slice(before).map((request) => request.split(' ')[0])
    expect(methods.filter((method) => method === 'POST' || method === 'PATCH')).toEqual([])
    const existing = events
      .map((event) => dockerStatus(event, 'push').status)
      .filter((status) => status === 'Layer already exists')
    expect(existing).toHaveLength(4)
  })

  test('mounts what another repository of the registry holds, and sends what it does not', async () => {
    const image = await threeLayers()
    const registry = await testRegistry(['team/base', 'v1', image])
    const events: DistributionEvent[] = []
    const mountFrom = async () => [
      parseRepository('registry.test/team/none'),
      parseRepository('registry.test/team/base'),
    ]
    await push(
      await stored(image),
      registry.client.repository(to),
      { from: image.manifest, to },
      { mountFrom, onEvent: (e) => events.push(e) },
    )
    const mounted = events
      .map((event) => dockerStatus(event, 'push').status)
      .filter((status) => status === 'Mounted from team/base')
    expect(mounted).toHaveLength(4)
    expect(registry.requests.filter((request) => request.startsWith('PATCH'))).toEqual([])
  })

  test('pushes a whole index', async () => {
    const index = buildIndex([await threeLayers(), await buildImage({ layers: [await noiseLayer(4, 500)] })])
    const registry = await testRegistry()
    const sink = registry.client.repository(to)
    await push(await stored(index), sink, { from: index.manifest, to })
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
      await stored(image),
      registry.client.repository(to),
      { from: image.manifest, to },
      { retry, onEvent: (e) => events.push(e) },
    )
    expect((await registry.client.repository(to).resolve(to)).digest).toBe(image.manifest.digest)
    expect(events.some((event) => event.type === 'layer' && event.layer.state === 'retrying')).toBe(true)
  })

  test('refuses a digest as a name', async () => {
    const image = await threeLayers()
    const registry = await testRegistry()
    const byDigest = parseReference(`registry.test/team/app@${image.manifest.digest}`)
    const pushing = push(await stored(image), registry.client.repository(to), { from: image.manifest, to: byDigest })
    await expect(pushing).rejects.toThrow('cannot push a digest reference')
    expect(registry.requests).toEqual([])
  })
})
