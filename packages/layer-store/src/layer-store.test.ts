import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { createMemoryStore, writeBlob, type ContentStore } from '@drayage/content'
import { chainId, digestOf, parseDiffId, type ChainId } from '@drayage/digest'
import { buildLayer, layerFromTar, type TestLayer } from '@drayage/testkit'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openSqlite } from './test/open-sqlite.ts'
import { END, rawEntry, rawHeader } from './test/raw-tar.ts'
import { createLayerStore, type LayerRecord, type LayerStore, MAX_LAYER_DEPTH } from './index.ts'

interface Place {
  readonly store: LayerStore
  readonly content: ContentStore
  readonly directory: string
}

let root = ''
const closers: (() => Promise<void>)[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'layer-store-'))
})
afterAll(async () => {
  for (const close of closers) await close()
  await rm(root, { recursive: true })
})

async function open(options: { directory?: string; content?: ContentStore; workers?: number } = {}): Promise<Place> {
  const directory = options.directory ?? (await mkdtemp(join(root, 'store-')))
  const content = options.content ?? createMemoryStore()
  const database = openSqlite(join(directory, 'metadata.db'))
  const store = createLayerStore({
    database,
    directory: join(directory, 'layers'),
    content,
    workers: options.workers ?? 1,
  })
  closers.push(async () => {
    await store[Symbol.asyncDispose]()
    database.close()
  })
  return { store, content, directory }
}

async function put(
  { store, content }: Place,
  layer: TestLayer,
  holder = 'image',
  parent?: ChainId,
): Promise<LayerRecord> {
  if (!(await content.has(layer.descriptor))) await writeBlob(content, layer.descriptor, layer.bytes)
  const measurement = await store.measure(fromBytes(layer.bytes))
  return store.register(layer.descriptor, measurement, { diffId: layer.diffId, holder, parent })
}

const temporary = (place: Place): Promise<string[]> => readdir(join(place.directory, 'layers', 'tmp'))

async function entriesOf(store: LayerStore, id: ChainId): Promise<string[]> {
  const found: string[] = []
  for await (const entry of store.entries(id)) found.push(`${entry.type} ${entry.name}`)
  return found
}

const read = (source: ByteStream): Promise<Uint8Array> => collect(source, { maxBytes: 2 ** 28 })

test.each(['gzip', 'zstd', 'none'] as const)(
  'LayerStore registers a layer compressed with %s and gives it back',
  async (compression) => {
    const place = await open()
    const layer = await buildLayer(
      [
        { path: 'bin', type: 'dir' },
        { path: 'bin/sh', content: 'x'.repeat(5000) },
      ],
      { compression },
    )
    const record = await put(place, layer)
    expect(record).toEqual({
      chainId: layer.diffId,
      diffId: layer.diffId,
      parent: undefined,
      blob: { mediaType: layer.descriptor.mediaType, digest: layer.descriptor.digest, size: layer.bytes.byteLength },
      size: layer.tar.byteLength,
      entryCount: 2,
      depth: 1,
    })
    expect(await place.store.get(record.chainId)).toEqual(record)
    expect(await entriesOf(place.store, record.chainId)).toEqual(['directory bin/', 'file bin/sh'])
    expect(Buffer.compare(await read(place.store.openTar(record.chainId)), layer.tar)).toBe(0)
    expect(await temporary(place)).toEqual([])
  },
)

test('LayerStore.register() computes ChainIDs and keeps parents of held layers', async () => {
  const place = await open()
  const [base, middle, top] = await Promise.all(['a', 'b', 'c'].map((path) => buildLayer([{ path }])))
  if (base === undefined || middle === undefined || top === undefined) throw new Error('no layers')
  const first = await put(place, base, 'pull')
  const second = await put(place, middle, 'pull', first.chainId)
  const third = await put(place, top, 'pull', second.chainId)
  expect(third.chainId).toBe(chainId(top.diffId, chainId(middle.diffId, chainId(base.diffId))))
  expect(third.depth).toBe(3)
  await place.store.hold(third.chainId, 'image')
  expect(await place.store.release('pull')).toEqual({ layers: [], blobs: [] })
  const released = await place.store.release('image')
  expect(released.layers).toEqual([third, second, first])
  expect(new Set(released.blobs.map((blob) => blob.digest))).toEqual(
    new Set([base, middle, top].map((layer) => layer.descriptor.digest)),
  )
  expect(await place.store.get(first.chainId)).toBeUndefined()
  expect(await place.store.find(base.descriptor.digest)).toBeUndefined()
  expect(await readdir(join(place.directory, 'layers', 'sha256'))).toEqual([])
  expect(await place.store.release('image')).toEqual({ layers: [], blobs: [] })
})

test('LayerStore.release() keeps what another layer or holder still needs', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'shared' }])
  const base = await put(place, layer, 'one')
  const above = await put(place, layer, 'two', base.chainId)
  await put(place, layer, 'three')
  expect(await place.store.release('two')).toEqual({ layers: [above], blobs: [] })
  expect(await place.store.release('one')).toEqual({ layers: [], blobs: [] })
  expect(await entriesOf(place.store, base.chainId)).toEqual(['file shared'])
  expect((await place.store.release('three')).blobs).toHaveLength(1)
})

test('LayerStore.register() takes a known blob without a measurement, and a registered layer again', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'a' }])
  const options = { diffId: layer.diffId, holder: 'two' }
  const unmeasured = { code: 'ERR_LAYER_UNMEASURED', blob: layer.descriptor.digest }
  await expect(place.store.register(layer.descriptor, undefined, options)).rejects.toMatchObject(unmeasured)
  const record = await put(place, layer, 'one')
  expect(await place.store.find(layer.descriptor.digest)).toBe(layer.diffId)
  expect(await place.store.register(layer.descriptor, undefined, options)).toEqual(record)
  expect(await put(place, layer, 'three')).toEqual(record)
  const other = { diffId: parseDiffId(digestOf('other')), holder: 'four' }
  await expect(place.store.register(layer.descriptor, undefined, other)).rejects.toMatchObject({
    code: 'ERR_DIFF_ID_MISMATCH',
  })
})

test('LayerStore.find() knows only blobs that are still there', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'a' }])
  await put(place, layer)
  await place.content.delete(layer.descriptor.digest)
  expect(await place.store.find(layer.descriptor.digest)).toBeUndefined()
  await expect(read(place.store.openTar(chainId(layer.diffId)))).rejects.toMatchObject({ code: 'ERR_LAYER_CORRUPT' })
})

test('LayerStore.openTar() reads another blob of the same tar when the first is gone', async () => {
  const place = await open()
  const files = [{ path: 'a', content: 'same' }]
  const [gz, zst] = [await buildLayer(files), await buildLayer(files, { compression: 'zstd' })]
  const record = await put(place, gz)
  await put(place, zst, 'two')
  await place.content.delete(gz.descriptor.digest)
  expect(Buffer.compare(await read(place.store.openTar(record.chainId)), gz.tar)).toBe(0)
})

test('S06 LayerStore.register() refuses a layer whose DiffID is another, and keeps nothing of it', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'a' }])
  const measurement = await place.store.measure(fromBytes(layer.bytes))
  const expected = parseDiffId(digestOf('another'))
  const wanted = { code: 'ERR_DIFF_ID_MISMATCH', actual: layer.diffId, expected, blob: layer.descriptor.digest }
  const options = { diffId: expected, holder: 'image' }
  await expect(place.store.register(layer.descriptor, measurement, options)).rejects.toMatchObject(wanted)
  expect(await temporary(place)).toEqual([])
  expect(await place.store.get(chainId(layer.diffId))).toBeUndefined()
  expect(await place.store.find(layer.descriptor.digest)).toBeUndefined()
})

test('S04 LayerStore.measure() hashes what follows the end of the archive', async () => {
  const place = await open()
  const tar = concat([rawEntry({ name: 'a' }), END, rawEntry({ name: 'hidden' }), new Uint8Array(70_000)])
  const layer = layerFromTar(tar)
  const record = await put(place, layer)
  expect(record.diffId).toBe(digestOf(tar))
  expect(await entriesOf(place.store, record.chainId)).toEqual(['file a'])
})

test('S04 LayerStore.openTar() refuses content that was changed behind it', async () => {
  const layer = await buildLayer([{ path: 'a', content: 'good' }])
  const evil = await buildLayer([{ path: 'a', content: 'evil' }])
  const content = createMemoryStore()
  let served = layer.bytes
  const changed: ContentStore = { ...content, has: async () => true, fetch: () => fromBytes(served) }
  const place = await open({ content: changed })
  const record = await put(place, layer)
  for (const bytes of [evil.bytes, evil.bytes.subarray(0, -4), gzipSync(concat([layer.tar, layer.tar]))]) {
    served = bytes
    const wanted = { code: 'ERR_LAYER_CORRUPT', chainId: record.chainId }
    await expect(read(place.store.openTar(record.chainId))).rejects.toMatchObject(wanted)
  }
})

test('S37 LayerStore.register() refuses a broken tar although its DiffID is right', async () => {
  const place = await open()
  const layer = layerFromTar(concat([rawEntry({ name: 'a' }), rawHeader({ name: 'b', checksum: '000000\0 ' }), END]))
  await expect(put(place, layer)).rejects.toMatchObject({
    code: 'ERR_LAYER_TAR',
    offset: 512,
    found: expect.any(String),
  })
  expect(await temporary(place)).toEqual([])
  const noTar = layerFromTar(Buffer.from('this is no tar at all'.repeat(100)))
  await expect(put(place, noTar)).rejects.toMatchObject({ code: 'ERR_LAYER_TAR' })
})

test('LayerStore registers an empty layer and one without end blocks', async () => {
  const place = await open()
  const empty = await put(place, layerFromTar(new Uint8Array(0), { compression: 'none' }))
  expect(await entriesOf(place.store, empty.chainId)).toEqual([])
  expect(await read(place.store.openTar(empty.chainId))).toHaveLength(0)
  const endless = await put(place, layerFromTar(rawEntry({ name: 'a' }, 'data')), 'image', empty.chainId)
  expect(await entriesOf(place.store, endless.chainId)).toEqual(['file a'])
})

test.each([
  ['truncated gzip', gzipSync('tar').subarray(0, -3), 'ERR_COMPRESSED_DATA'],
  ['junk after gzip', concat([gzipSync('tar'), Buffer.from('junk')]), 'ERR_COMPRESSED_DATA'],
  ['a huge zstd window', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0), 'ERR_COMPRESSION_LIMIT'],
  ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 9, 9), 'ERR_COMPRESSION_UNSUPPORTED'],
])('S43 LayerStore.measure() refuses %s, leaves no file and gives the thread back', async (_name, bytes, code) => {
  const place = await open()
  await expect(place.store.measure(fromBytes(bytes))).rejects.toMatchObject({ code })
  expect(await temporary(place)).toEqual([])
  expect((await place.store.measure(fromBytes(gzipSync('')))).size).toBe(0)
})

test('S43 LayerStore.measure() reads multi-member gzip and multi-frame zstd', async () => {
  const place = await open()
  const { tar, diffId } = await buildLayer([{ path: 'a', content: 'x'.repeat(3000) }])
  const [head, tail] = [tar.subarray(0, 700), tar.subarray(700)]
  for (const bytes of [
    concat([gzipSync(head), gzipSync(tail)]),
    concat([zstdCompressSync(head), zstdCompressSync(tail)]),
  ]) {
    expect(await place.store.measure(fromBytes(bytes))).toMatchObject({ diffId, size: tar.byteLength, entryCount: 1 })
  }
})

test('S50 LayerStore.measure() enforces the limits of the store', async () => {
  const directory = await mkdtemp(join(root, 'bomb-'))
  const database = openSqlite(join(directory, 'metadata.db'))
  const store = createLayerStore({ database, directory, content: createMemoryStore(), maxBytes: 2 ** 20 })
  const wanted = { code: 'ERR_COMPRESSION_LIMIT', limit: 'maxBytes' }
  await expect(store.measure(fromBytes(gzipSync(new Uint8Array(2 ** 22))))).rejects.toMatchObject(wanted)
  expect(await readdir(join(directory, 'tmp'))).toEqual([])
  await store[Symbol.asyncDispose]()
  database.close()
})

test('LayerStore.measure() rejects with the reason of an abort and removes its file', async () => {
  const place = await open()
  const controller = new AbortController()
  async function* silent(): ByteStream {
    yield gzipSync('tar').subarray(0, 12)
    setTimeout(() => controller.abort('stop'), 20)
    await new Promise(() => {})
  }
  const { signal } = controller
  const queued = place.store.measure(fromBytes(), { signal })
  await expect(place.store.measure(silent(), { signal })).rejects.toBe('stop')
  expect((await queued).size).toBe(0)
  await place.store.discard(await queued)
  await expect(place.store.measure(fromBytes(), { signal })).rejects.toBe('stop')
  await expect.poll(() => temporary(place)).toEqual([])
})

test('LayerStore.measure() works while bytes arrive, more at a time than there are threads', async () => {
  const place = await open({ workers: 2 })
  const layers = await Promise.all(
    Array.from({ length: 6 }, (_, index) => buildLayer([{ path: `f${index}`, content: 'x'.repeat(index * 9000) }])),
  )
  async function* slow(bytes: Uint8Array): ByteStream {
    for (let offset = 0; offset < bytes.byteLength; offset += 50) {
      yield bytes.subarray(offset, offset + 50)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const measured = await Promise.all(layers.map((layer) => place.store.measure(slow(layer.bytes))))
  expect(measured.map((measurement) => measurement.diffId)).toEqual(layers.map((layer) => layer.diffId))
})

test('LayerStore.register() refuses a missing parent and more than 125 layers', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'a' }])
  const missing = { code: 'ERR_LAYER_NOT_FOUND', chainId: chainId(layer.diffId) }
  await expect(put(place, layer, 'image', chainId(layer.diffId))).rejects.toMatchObject(missing)
  await expect(place.store.hold(chainId(layer.diffId), 'image')).rejects.toMatchObject(missing)
  await expect(read(place.store.openTar(chainId(layer.diffId)))).rejects.toMatchObject(missing)
  await expect(entriesOf(place.store, chainId(layer.diffId))).rejects.toMatchObject(missing)
  let top = (await put(place, layer)).chainId
  const options = { diffId: layer.diffId, holder: 'image' }
  for (let depth = 2; depth <= MAX_LAYER_DEPTH; depth++) {
    top = (await place.store.register(layer.descriptor, undefined, { ...options, parent: top })).chainId
  }
  const deep = { code: 'ERR_LAYER_DEPTH', maxDepth: 125, message: expect.stringContaining('max depth exceeded') }
  await expect(place.store.register(layer.descriptor, undefined, { ...options, parent: top })).rejects.toMatchObject(
    deep,
  )
  expect((await place.store.release('image')).layers).toHaveLength(125)
})

test('LayerStore.entries() makes a lost index again', async () => {
  const place = await open()
  const layer = await buildLayer([{ path: 'a' }, { path: 'b' }])
  const record = await put(place, layer)
  await rm(join(place.directory, 'layers', 'sha256'), { recursive: true })
  expect(await entriesOf(place.store, record.chainId)).toEqual(['file a', 'file b'])
  expect(await readdir(join(place.directory, 'layers', 'sha256'))).toHaveLength(1)
  expect(await temporary(place)).toEqual([])
})

test('LayerStore shares its tables and indexes with another opening of them', async () => {
  const place = await open()
  const other = await open({ directory: place.directory, content: place.content })
  const layer = await buildLayer([{ path: 'a' }])
  const [one, two] = await Promise.all([put(place, layer, 'one'), put(other, layer, 'two')])
  expect(one).toEqual(two)
  expect(await place.store.release('one')).toEqual({ layers: [], blobs: [] })
  expect((await other.store.release('two')).layers).toEqual([one])
  expect(await place.store.get(one.chainId)).toBeUndefined()
})

test('LayerStore keeps the order and all fields of a large index', async () => {
  const place = await open()
  const tar = concat([
    ...Array.from({ length: 9000 }, (_, index) => rawEntry({ name: `dir/${index}`, mtime: '00000000017\0' })),
    END,
  ])
  const record = await put(place, layerFromTar(tar))
  expect(record.entryCount).toBe(9000)
  let index = 0
  for await (const entry of place.store.entries(record.chainId)) {
    expect(entry).toEqual({
      name: `dir/${index}`,
      type: 'file',
      size: 0,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 15,
      offset: 512 * (index + 1),
    })
    index += 1
  }
  expect(index).toBe(9000)
})
