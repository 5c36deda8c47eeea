import { buildImage, buildIndex, buildLayer, type TestImage } from '@drayage/testkit'
import { formatReference, parseReference } from '@drayage/reference'
import { createTransferManager } from '@drayage/transfer'
import { describe, expect, test } from 'vitest'

import {
  dockerStatus,
  isDistributionError,
  load,
  pull,
  PlatformNotFoundError,
  type DistributionEvent,
  type ImageName,
  type LayerState,
  type PullOptions,
} from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { testRegistry } from '../test/test-registry.ts'
import { testStore, visible } from '../test/test-store.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const ARM64 = { os: 'linux', architecture: 'arm64' }
const options: PullOptions = { platform: AMD64, retry: { attempts: 5, stepMs: 0 } }

const twoLayers = async (): Promise<TestImage> =>
  buildImage({ layers: [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]] })

describe('pull()', () => {
  test('brings an image by tag: everything is visible, registered and named', async () => {
    const image = await twoLayers()
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const result = await pull(registry.client, store, 'registry.test/repo:v1', options)
    expect(result).toMatchObject({ digest: image.manifest.digest, image: image.imageId, upToDate: false })
    expect(formatReference(result.reference)).toBe('registry.test/repo:v1')
    expect(await visible(store.blobs)).toEqual(new Set(image.blobs.keys()))
    expect(store.kept).toEqual(new Set(image.blobs.keys()))
    expect([...store.layersByChain.values()]).toEqual(image.layers.map((layer) => layer.descriptor.digest))
    expect(Object.fromEntries(store.names)).toEqual({
      'registry.test/repo:v1': image.manifest,
      [`registry.test/repo@${image.manifest.digest}`]: image.manifest,
    })
    expect(store.pinned).toEqual(new Set())
    expect(store.targets.get(image.manifest.digest)?.manifests).toEqual(new Set([image.manifest.digest]))
  })

  test('an unreachable registry is reported within seconds, whatever the waits of transfers', async () => {
    const registry = await testRegistry()
    registry.fault = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    const waits: number[] = []
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'retrying') waits.push(event.secondsLeft)
    }
    const retry = { attempts: 2, stepMs: 3_600_000 }
    const error = await failure(
      pull(registry.client, testStore(), 'registry.test/repo', { ...options, retry, onEvent }),
    )
    expect(codesOf(error)).toContain('ERR_REGISTRY_UNREACHABLE')
    expect(waits).toEqual([1])
  })

  test('brings docker manifests and every compression', async () => {
    const layers = await Promise.all(
      (['none', 'gzip', 'zstd'] as const).map((compression) =>
        buildLayer([{ path: compression, content: compression }], { compression, format: 'docker' }),
      ),
    )
    const image = await buildImage({ format: 'docker', layers })
    const registry = await testRegistry(['repo', 'latest', image])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo', options)
    expect(store.layersByChain.size).toBe(3)
  })

  test('brings an image by digest and does not touch the tag beside it', async () => {
    const image = await twoLayers()
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    const events: DistributionEvent[] = []
    const name = `registry.test/repo:other@${image.manifest.digest}`
    const onEvent = (event: DistributionEvent): void => void events.push(event)
    await pull(registry.client, store, name, { ...options, onEvent })
    const canonical = `registry.test/repo@${image.manifest.digest}`
    expect([...store.names.keys()]).toEqual([canonical])
    expect(store.pinned).toEqual(new Set([canonical]))
    expect(events[0]).toEqual({ type: 'pulling', id: canonical, path: 'repo' })
    expect((await pull(registry.client, store, name, options)).upToDate).toBe(true)
  })

  test('sends no request for a blob when the image is up to date', async () => {
    const image = await twoLayers()
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo:v1', options)
    expect(registry.blobRequests()).toHaveLength(3)
    registry.requests.length = 0
    const again = await pull(registry.client, store, 'registry.test/repo:v1', options)
    expect(again.upToDate).toBe(true)
    expect(registry.requests).toEqual(['HEAD /v2/repo/manifests/v1'])
  })

  test('moves a tag to a new image and fetches only its new layers', async () => {
    const base = await noiseLayer(1, 1000)
    const [first, second] = [
      await buildImage({ layers: [base] }),
      await buildImage({ layers: [base, await noiseLayer(2, 1000)] }),
    ]
    const registry = await testRegistry(['repo', 'v1', first], ['repo', 'v2', second])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo:v1', options)
    await registry.storage.tags.set('repo', 'v1', second.manifest.digest)
    registry.requests.length = 0
    const events: DistributionEvent[] = []
    const onEvent = (event: DistributionEvent): void => void events.push(event)
    const result = await pull(registry.client, store, 'registry.test/repo:v1', { ...options, onEvent })
    expect(result).toMatchObject({ image: second.imageId, upToDate: false })
    expect(registry.blobRequests()).toHaveLength(2)
    expect(events).toContainEqual({ type: 'layer', digest: base.descriptor.digest, layer: { state: 'exists' } })
    expect(store.names.get('registry.test/repo:v1')?.digest).toBe(second.manifest.digest)
  })

  test('tells events in order, which read as Docker Engine says them', async () => {
    const layer = await noiseLayer(1, 1000)
    const image = await buildImage({ layers: [layer] })
    const registry = await testRegistry(['library/x', 'v1', image])
    const lines: string[] = []
    const onEvent = (event: DistributionEvent): void => {
      const { id, status } = dockerStatus(event)
      lines.push(id === undefined ? status : `${id}: ${status}`)
    }
    await pull(registry.client, testStore(), 'registry.test/library/x:v1', { ...options, onEvent })
    const id = layer.descriptor.digest.slice(7, 19)
    expect(lines.filter((line, index) => line !== lines[index - 1])).toEqual([
      'v1: Pulling from library/x',
      `${id}: Pulling fs layer`,
      `${id}: Downloading`,
      `${id}: Verifying Checksum`,
      `${id}: Download complete`,
      `${id}: Extracting`,
      `${id}: Pull complete`,
      `Digest: ${image.manifest.digest}`,
      'Status: Downloaded newer image for registry.test/library/x:v1',
    ])
  })

  test('refuses a reserved name before any request', async () => {
    const registry = await testRegistry()
    const error = await failure(pull(registry.client, testStore(), 'scratch', options))
    expect(codesOf(error)).toEqual(['ERR_REFERENCE_RESERVED'])
    expect(registry.requests).toEqual([])
  })

  test('takes manifests from the registry when those of the store are damaged', async () => {
    const image = await twoLayers()
    const registry = await testRegistry(['repo', 'v1', image])
    const store = testStore()
    await pull(registry.client, store, 'registry.test/repo:v1', options)
    const damaged = testStore(store.blobs)
    const { content } = damaged
    let reads = 0
    const once = {
      ...damaged,
      content: {
        ...content,
        fetch: (...[what, each]: Parameters<typeof content.fetch>) =>
          content.fetch(what.digest === image.manifest.digest && reads++ < 2 ? image.config : what, each),
      },
    }
    await pull(registry.client, once, 'registry.test/repo:v1', options)
    // Once more when it holds the ingest: somebody else could have mended it meanwhile.
    expect(reads).toBe(2)
    expect(registry.requests.filter((line) => line === `GET /v2/repo/manifests/${image.manifest.digest}`)).toHaveLength(
      2,
    )
  })
})

describe('pull() of an index', () => {
  test('chooses the platform, names the index and keeps it', async () => {
    const [amd64, arm64] = [await buildImage({ platform: AMD64 }), await buildImage({ platform: ARM64 })]
    const index = buildIndex([amd64, arm64])
    const registry = await testRegistry(['repo', 'v1', index])
    const store = testStore()
    const result = await pull(registry.client, store, 'registry.test/repo:v1', { ...options, platform: ARM64 })
    expect(result).toMatchObject({ digest: index.manifest.digest, image: arm64.imageId })
    expect(result.manifest.digest).toBe(arm64.manifest.digest)
    expect(store.targets.get(index.manifest.digest)?.manifests).toEqual(new Set([arm64.manifest.digest]))
    expect(await visible(store.blobs)).toEqual(new Set([index.manifest.digest, ...arm64.blobs.keys()]))
  })

  test('lists the platforms that are there when none fits', async () => {
    const index = buildIndex([await buildImage({ platform: AMD64 }), await buildImage({ platform: ARM64 })])
    const registry = await testRegistry(['repo', 'v1', index])
    const riscv = { os: 'linux', architecture: 'riscv64' }
    const error = await failure(
      pull(registry.client, testStore(), 'registry.test/repo:v1', { ...options, platform: riscv }),
    )
    expect(error).toBeInstanceOf(PlatformNotFoundError)
    expect(error).toMatchObject({ wanted: riscv, available: [AMD64, ARM64] })
    expect(error.message).toBe(
      'Cannot select an image of "registry.test/repo:v1": no matching manifest for linux/riscv64 in the manifest list entries, available: linux/amd64, linux/arm64',
    )
  })

  test('shows platforms escaped, and not all of thousands', () => {
    const hostile = Array.from({ length: 40 }, () => ({ os: 'a\u001b[2J\u202e', architecture: 'b'.repeat(99) }))
    const { message } = new PlatformNotFoundError('x', AMD64, hostile)
    expect(message).toContain(`a\\u{1b}[2J\\u{202e}/${'b'.repeat(32)}…, `)
    expect(message).toMatch(/ and 8 more$/)
  })

  test('searches nested indexes, also past one that does not have the platform', async () => {
    const arm64 = await buildImage({ platform: ARM64 })
    const inner = buildIndex([arm64])
    const other = buildIndex([await buildImage({ platform: AMD64 })])
    const registry = await testRegistry(['repo', 'v1', buildIndex([other, buildIndex([inner])])])
    const store = testStore()
    const result = await pull(registry.client, store, 'registry.test/repo:v1', { ...options, platform: ARM64 })
    expect(result.image).toBe(arm64.imageId)
  })

  test('passes over entries of unknown types', async () => {
    const image = await buildImage()
    const unknown = { ...image.config, mediaType: 'application/x-other', platform: AMD64 }
    const index = buildIndex([image], { index: { manifests: [unknown, { ...image.manifest, platform: AMD64 }] } })
    const registry = await testRegistry(['repo', 'v1', index])
    expect((await pull(registry.client, testStore(), 'registry.test/repo:v1', options)).image).toBe(image.imageId)
  })

  test('follows at most 4 levels of nested indexes', async () => {
    let nested = buildIndex([await buildImage()])
    for (let depth = 0; depth < 4; depth++) nested = buildIndex([nested])
    const deeper = buildIndex([nested])
    const registry = await testRegistry(['repo', 'deep', nested], ['repo', 'deeper', deeper])
    const error = await failure(pull(registry.client, testStore(), 'registry.test/repo:deep', options))
    expect(codesOf(error)).toEqual(['ERR_NOT_AN_IMAGE'])
    expect(error.message).toContain('found "an index nested deeper than 4", expected a container image')
  })

  test('reads at most 64 manifests in search of a platform', async () => {
    const images = await Promise.all(
      Array.from({ length: 70 }, (_, seed) => buildImage({ platform: ARM64, config: { author: String(seed) } })),
    )
    const registry = await testRegistry(['repo', 'v1', buildIndex(images.map((image) => buildIndex([image])))])
    const error = await failure(pull(registry.client, testStore(), 'registry.test/repo:v1', options))
    expect(codesOf(error)).toEqual(['ERR_NOT_AN_IMAGE'])
    expect(registry.requests.length).toBeLessThan(70)
  })

  test('warns of an image that is named directly and is for another platform', async () => {
    const registry = await testRegistry(['repo', 'v1', await buildImage({ platform: ARM64 })])
    const events: DistributionEvent[] = []
    const onEvent = (event: DistributionEvent): void => void events.push(event)
    await pull(registry.client, testStore(), 'registry.test/repo:v1', { ...options, onEvent })
    const last = events.at(-1)
    expect(last === undefined ? undefined : dockerStatus(last)).toEqual({
      status:
        'WARNING: image with reference registry.test/repo:v1 was found but does not match the specified platform: wanted linux/amd64, actual: linux/arm64',
    })
  })
})

test('pulls of an image at the same time bring its manifest, config and layers once', async () => {
  const image = await buildImage({ layers: [[{ path: 'a' }]] })
  const registry = await testRegistry(['repo', 'v1', image])
  const store = testStore()
  const shared = { ...options, transfers: createTransferManager<LayerState>() }
  await Promise.all([1, 2, 3, 4].map(() => pull(registry.client, store, 'registry.test/repo:v1', shared)))
  const fetched = registry.requests.filter((line) => /^GET .*sha256:/.test(line))
  expect(fetched.toSorted()).toEqual(
    [
      `GET /v2/repo/blobs/${image.config.digest}`,
      ...image.layers.map(({ descriptor }) => `GET /v2/repo/blobs/${descriptor.digest}`),
      `GET /v2/repo/manifests/${image.manifest.digest}`,
    ].toSorted(),
  )
})

test('pull() and load() put an image with its names in one call, and give an image that is there all names in one', async () => {
  const image = await twoLayers()
  const registry = await testRegistry(['repo', 'v1', image], ['other', 'v2', image])
  const store = testStore()
  const calls: string[][] = []
  const called = (names: readonly ImageName[]): void => void calls.push(names.map(({ name }) => formatReference(name)))
  const images: typeof store.images = {
    ...store.images,
    async putImages(received, names) {
      called(names)
      await store.images.putImages(received, names)
    },
  }
  await pull(registry.client, { ...store, images }, 'registry.test/repo:v1', options)
  await pull(registry.client, { ...store, images }, 'registry.test/other:v2', options)
  expect(calls).toEqual([
    [`registry.test/repo@${image.manifest.digest}`, 'registry.test/repo:v1'],
    [`registry.test/other@${image.manifest.digest}`, 'registry.test/other:v2'],
  ])
  const empty = testStore()
  const names = ['a', 'b'].map((tag) => parseReference(`registry.test/loaded:${tag}`))
  const target = image.manifest
  await load(store.blobs, { ...empty, images }, { target, names }, options)
  expect(calls.slice(2)).toEqual([['registry.test/loaded:a', 'registry.test/loaded:b']])
})

test('pull() is done when it has named the image, also when someone removes that at once', async () => {
  const registry = await testRegistry(['repo', 'v1', await twoLayers()])
  const store = testStore()
  const events: DistributionEvent[] = []
  const onEvent = (event: DistributionEvent): void => {
    events.push(event)
    if (event.type === 'digest') for (const digest of store.kept) void store.blobs.delete(digest)
  }
  const pulled = await pull(registry.client, store, 'registry.test/repo:v1', { ...options, platform: ARM64, onEvent })
  expect(pulled.upToDate).toBe(false)
  expect(events.at(-1)?.type).toBe('status')
})

test('isDistributionError() tells errors of this package from others', () => {
  expect(isDistributionError(new PlatformNotFoundError('x', AMD64, []))).toBe(true)
  expect(isDistributionError(new Error('x'))).toBe(false)
  expect(isDistributionError({ code: 'ERR_TRANSFER' })).toBe(false)
})
