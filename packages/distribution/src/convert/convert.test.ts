import { createMemoryStore, readBlob, walk, writeBlob, type MemoryStore } from '@drayage/content'
import { decodeManifest, manifestFormat, MEDIA_TYPES, type Descriptor, type ImageIndex } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  describe as describeBytes,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import {
  convert,
  copy,
  TransferError,
  type ConvertOptions,
  type DistributionEvent,
  type GraphSource,
} from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { visible } from '../test/test-store.ts'
import { zlibRecompressor, type ZlibRecompressor } from '../test/zlib-recompressor.ts'

const ARM64 = { os: 'linux', architecture: 'arm64' }
const to = parseReference('elsewhere.test/copy:v2')
const retry = { attempts: 1, stepMs: 0 }

async function stored(...images: readonly (TestImage | TestIndex)[]): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of images.flatMap(({ blobs }) => [...blobs])) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

/** Compressed in three ways. */
async function mixedImage(options: Parameters<typeof buildImage>[0] = {}): Promise<TestImage> {
  const layers = await Promise.all(
    (['gzip', 'zstd', 'none'] as const).map((compression, index) =>
      buildLayer([{ path: `f${index}`, content: `content ${index}` }], { compression }),
    ),
  )
  return await buildImage({ layers, ...options })
}

interface Conversion {
  readonly root: Descriptor
  readonly source: GraphSource
  readonly scratch: MemoryStore
  readonly recompressor: ZlibRecompressor
  readonly events: readonly DistributionEvent[]
}

async function converted(
  image: TestImage | TestIndex,
  options: Omit<ConvertOptions, 'recompress'> & { readonly compression?: 'gzip' | 'zstd'; readonly level?: number },
): Promise<Conversion> {
  const { compression, level, ...rest } = options
  const scratch = createMemoryStore()
  const recompressor = zlibRecompressor()
  const events: DistributionEvent[] = []
  const recompress = compression === undefined ? undefined : { compression, level, recompressor }
  const onEvent = (event: DistributionEvent): number => events.push(event)
  const done = await convert(await stored(image), scratch, image.manifest, { retry, ...rest, recompress, onEvent })
  return { ...done, scratch, recompressor, events }
}

async function layersOf(source: GraphSource, what: Descriptor): Promise<readonly Descriptor[]> {
  const manifest = decodeManifest(await readBlob(source, what), what)
  if (manifest.kind !== 'image') throw new Error(manifest.kind)
  return manifest.value.layers
}

describe('convert()', () => {
  test.each([
    ['without wishes', {}],
    ['that has the format', { format: 'oci' }],
    ['that has the compression', { compression: 'gzip' }],
  ] as const)('leaves an image %s as it is and writes nothing', async (_what, options) => {
    const image = await buildImage()
    for (const root of [image, buildIndex([image])]) {
      const done = await converted(root, options)
      expect(done.root).toBe(root.manifest)
      expect(await visible(done.scratch)).toEqual(new Set())
      expect(done.events).toEqual([])
    }
  })

  test.each([
    ['oci', 'docker'],
    ['v2s2', 'oci'],
  ] as const)('writes an image as %s that was %s, whose layers and config stay', async (format, was) => {
    const image = await buildImage({ format: was })
    const { root, source, scratch } = await converted(image, { format })
    expect(manifestFormat(root.mediaType)).toBe(format)
    expect(await visible(scratch)).toEqual(new Set([root.digest]))
    const sink = createMemoryStore()
    await copy(source, sink, { from: root, to })
    expect(await visible(sink)).toEqual(new Set([root.digest, image.config.digest, image.layers[0]?.descriptor.digest]))
  })

  test('asks for the room of all layers of an index before it writes the first, and writes none without', async () => {
    const images = [await mixedImage(), await mixedImage({ platform: ARM64 }), await buildImage()]
    const changing = images.flatMap(({ layers }) => layers.map(({ descriptor }) => descriptor))
    const gzip = changing.filter(({ mediaType }) => mediaType !== MEDIA_TYPES.ociLayerZstd)
    const asked: Descriptor[] = []
    const index = buildIndex(images)
    const scratch = createMemoryStore()
    const recompress = { compression: 'zstd', recompressor: zlibRecompressor() } as const
    const source = await stored(index)
    const full = new Error('full')
    const assertRoom = async (wanted: readonly Descriptor[]): Promise<void> => {
      asked.push(...wanted)
      throw full
    }
    await expect(convert(source, scratch, index.manifest, { retry, recompress, assertRoom })).rejects.toBe(full)
    expect(new Set(asked.map(({ digest }) => digest))).toEqual(new Set(gzip.map(({ digest }) => digest)))
    expect(await visible(scratch)).toEqual(new Set())
    let reads = 0
    const counting: GraphSource = { ...source, fetch: (...given) => (reads++, source.fetch(...given)) }
    await convert(counting, scratch, index.manifest, { retry, recompress, assertRoom: async () => {} })
    const most = reads
    reads = 0
    await convert(counting, createMemoryStore(), index.manifest, { retry, recompress })
    expect(most).toBe(reads)
  })

  test('recompresses the layers that have another compression, and only those', async () => {
    const image = await mixedImage()
    const { root, source, scratch, recompressor, events } = await converted(image, { compression: 'zstd' })
    const layers = await layersOf(source, root)
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(Array(3).fill(MEDIA_TYPES.ociLayerZstd))
    expect(layers[1]).toEqual(image.layers[1]?.descriptor)
    expect(recompressor.count()).toBe(2)
    expect(await visible(scratch)).toEqual(new Set([root.digest, layers[0]?.digest, layers[2]?.digest]))
    const [first] = image.layers
    expect(events).toContainEqual({
      type: 'layer',
      digest: first?.descriptor.digest,
      layer: { state: 'recompressed' },
    })
    const steps = []
    for await (const { descriptor } of walk(source, root)) steps.push(descriptor.digest)
    expect(steps).toContain(image.config.digest)
  })

  test('recompresses layers of the same compression when a level is asked for', async () => {
    const image = await buildImage()
    const { recompressor, root } = await converted(image, { compression: 'gzip', level: 9 })
    expect(recompressor.count()).toBe(1)
    expect(root.mediaType).toBe(image.manifest.mediaType)
  })

  test('changes format and compression together', async () => {
    const { root, source } = await converted(await mixedImage(), { format: 'v2s2', compression: 'gzip' })
    const layers = await layersOf(source, root)
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(Array(3).fill(MEDIA_TYPES.dockerLayerGzip))
  })

  test('converts every image of an index, and a layer of several images once', async () => {
    const shared = await buildLayer([{ path: 'a', content: 'shared' }])
    const images = [
      await buildImage({ layers: [shared, shared] }),
      await buildImage({ layers: [shared], platform: ARM64 }),
    ]
    const index = buildIndex([buildIndex(images)])
    const { root, source, recompressor } = await converted(index, { compression: 'zstd' })
    expect(recompressor.count()).toBe(1)
    const sink = createMemoryStore()
    await copy(source, sink, { from: root, to }, { platform: ARM64 })
    const blobs = await visible(sink)
    expect(blobs).toContain(images[1]?.config.digest)
    expect(blobs).not.toContain(shared.descriptor.digest)
  })

  test('keeps the images of an index that need no change, and all else that is said of them', async () => {
    const images = [await buildImage(), await mixedImage({ platform: ARM64 })]
    const index = buildIndex(images, { index: { annotations: { a: 'b' } } })
    const { root, source } = await converted(index, { compression: 'gzip' })
    const list = decodeManifest(await readBlob(source, root), root)
    expect(list.value).toMatchObject({ annotations: { a: 'b' } })
    const entries = list.kind === 'index' ? list.value.manifests : []
    expect(entries[0]).toEqual({ ...images[0]?.manifest, platform: images[0]?.platform })
    expect(entries[1]).toMatchObject({ platform: ARM64 })
    expect(entries[1]?.digest).not.toBe(images[1]?.manifest.digest)
  })

  test('leaves attestations out of an index that changes, says so, and reads none of them', async () => {
    const image = await buildImage()
    const attestation = {
      ...describeBytes(MEDIA_TYPES.ociManifest, new Uint8Array(9)),
      platform: { os: 'unknown', architecture: 'unknown' },
    }
    const manifests = [{ ...image.manifest, platform: image.platform }, attestation]
    const index = buildIndex([image], { index: { manifests } })
    expect((await converted(index, { format: 'oci' })).root).toBe(index.manifest)
    const { root, source, events } = await converted(index, { format: 'v2s2' })
    const list = decodeManifest(await readBlob(source, root), root)
    expect((list.value as ImageIndex).manifests).toHaveLength(1)
    const message = `the converted ${index.manifest.digest} is without attestation ${attestation.digest}`
    expect(events).toEqual([{ type: 'warning', message }])
  })

  test('tells which members the format has no place for', async () => {
    const image = await buildImage({ manifest: { annotations: { a: 'b' } } })
    const { events } = await converted(image, { format: 'v2s2' })
    expect(events).toEqual([
      { type: 'warning', message: `the converted ${image.manifest.digest} is without annotations` },
    ])
  })

  test.each([
    ['zstd layers in schema 2', { format: 'v2s2' }, 'ERR_MANIFEST_CONVERSION'],
    ['schema 2 with zstd', { format: 'v2s2', compression: 'zstd' }, 'ERR_MANIFEST_CONVERSION'],
  ] as const)('refuses %s before anything is compressed', async (_what, options, code) => {
    const scratch = createMemoryStore()
    const image = await mixedImage()
    const recompressor = zlibRecompressor()
    const recompress = 'compression' in options ? { compression: options.compression, recompressor } : undefined
    const error = await failure(convert(await stored(image), scratch, image.manifest, { ...options, recompress }))
    expect(codesOf(error)).toEqual([code])
    expect(recompressor.count()).toBe(0)
    expect(await visible(scratch)).toEqual(new Set())
  })

  test('refuses an artifact that would have to change', async () => {
    const artifact = await buildImage({ manifest: { config: describeBytes(MEDIA_TYPES.ociEmpty, Buffer.from('{}')) } })
    expect(codesOf(await failure(converted(artifact, { format: 'v2s2' })))).toEqual(['ERR_CONFIG_UNSUPPORTED'])
  })

  test('refuses what would change a digest that is to stay, before anything is compressed', async () => {
    const image = await mixedImage()
    for (const options of [{ format: 'v2s2', compression: 'gzip' }, { compression: 'zstd' }] as const) {
      for (const root of [image, buildIndex([image])]) {
        const error = await failure(converted(root, { ...options, preserveDigests: true }))
        expect(codesOf(error)).toEqual(['ERR_DIGEST_CHANGE'])
      }
    }
    const kept = await converted(image, { format: 'oci', preserveDigests: true })
    expect(kept.root).toBe(image.manifest)
  })

  test('refuses a layer that is not the one in the config', async () => {
    const other = await buildLayer([{ path: 'b', content: 'other' }])
    const image = await buildImage({ config: { rootfs: { type: 'layers', diff_ids: [other.diffId] } } })
    const error = await failure(converted(image, { compression: 'zstd' }))
    expect(codesOf(error)).toEqual(['ERR_IMAGE_MISMATCH'])
    expect(error.message).toContain(other.diffId)
  })

  test('says which side failed', async () => {
    const image = await buildImage()
    const [layer] = image.layers
    const source = await stored(image)
    await source.delete(layer?.descriptor.digest ?? image.config.digest)
    const recompress = { compression: 'zstd', recompressor: zlibRecompressor() } as const
    const error = await failure(convert(source, createMemoryStore(), image.manifest, { recompress, retry }))
    expect(error).toMatchObject({ side: 'source', operation: 'fetch' })
    const damaged = await buildImage({ layers: [{ ...(await buildLayer([])), ...damage() }] })
    const atWork = await failure(
      convert(await stored(damaged), createMemoryStore(), damaged.manifest, { recompress, retry }),
    )
    expect(atWork).toMatchObject({ side: 'source', operation: 'recompress' })
    const full = createMemoryStore()
    const broken = { ...full, begin: async () => await Promise.reject(new Error('full')) }
    const atStore = await failure(convert(await stored(image), broken, image.manifest, { recompress, retry }))
    expect(atStore).toBeInstanceOf(TransferError)
    expect(atStore).toMatchObject({ side: 'sink', operation: 'store' })
  })

  test('rejects with the reason of an abort', async () => {
    const reason = new Error('enough')
    const image = await mixedImage()
    expect(await failure(converted(image, { compression: 'zstd', signal: AbortSignal.abort(reason) }))).toBe(reason)
  })
})

/** A layer that starts like gzip but is not. */
function damage(): { readonly bytes: Uint8Array; readonly descriptor: Descriptor } {
  const bytes = Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3)
  return { bytes, descriptor: describeBytes(MEDIA_TYPES.ociLayerGzip, bytes) }
}
