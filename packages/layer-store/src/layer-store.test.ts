import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { createMemoryStore, writeBlob, type ContentStore } from '@drayage/content'
import { chainId, digestOf, parseDiffId, type ChainId } from '@drayage/digest'
import { FileWriteError } from '@drayage/files'
import {
  buildLayer,
  layerFromTar,
  paxRecord,
  type TestLayer,
  rawEntry,
  rawHeader,
  rawPax,
  TAR_ZEROS,
} from '@drayage/testkit'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openSqlite } from './test/open-sqlite.ts'
import {
  createLayerStore,
  createMemoryLayerStore,
  type LayerRecord,
  type LayerStore,
  MAX_LAYER_DEPTH,
  type WriterLife,
} from './index.ts'

interface Place {
  readonly store: LayerStore
  readonly content: ContentStore
  /** Empty for a store in memory. */
  readonly directory: string
}

interface PlaceOptions {
  readonly directory?: string
  readonly content?: ContentStore
  readonly workers?: number
  readonly maxBytes?: number
  readonly life?: WriterLife
}

const KINDS = ['disk', 'memory'] as const
type Kind = (typeof KINDS)[number]

let root = ''
const closers: (() => Promise<void>)[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'layer-store-'))
})
afterAll(async () => {
  for (const close of closers) await close()
  await rm(root, { recursive: true })
})

async function open(kind: Kind, options: PlaceOptions = {}): Promise<Place> {
  const { content = createMemoryStore(), workers = 1, maxBytes, life } = options
  if (kind === 'memory') {
    const store = createMemoryLayerStore({ content, maxBytes })
    closers.push(async () => await store[Symbol.asyncDispose]())
    return { store, content, directory: '' }
  }
  const directory = options.directory ?? (await mkdtemp(join(root, 'store-')))
  const database = openSqlite(join(directory, 'metadata.db'))
  const store = createLayerStore({ database, directory: join(directory, 'layers'), content, life, workers, maxBytes })
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

const filesIn = async ({ directory }: Place, folder: string): Promise<string[]> =>
  directory === '' ? [] : await readdir(join(directory, 'layers', folder))
const temporary = (place: Place): Promise<string[]> => filesIn(place, 'tmp')

async function entriesOf(store: LayerStore, id: ChainId): Promise<string[]> {
  const found: string[] = []
  for await (const entry of store.entries(id)) found.push(`${entry.type} ${entry.name}`)
  return found
}

const read = (source: ByteStream): Promise<Uint8Array> => collect(source, { maxBytes: 2 ** 28 })

describe.each(KINDS)('a layer store in %s', (kind) => {
  test.each(['gzip', 'zstd', 'none'] as const)(
    'LayerStore registers a layer compressed with %s and gives it back',
    async (compression) => {
      const place = await open(kind)
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
    const place = await open(kind)
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
    expect(await filesIn(place, 'sha256')).toEqual([])
    expect(await place.store.release('image')).toEqual({ layers: [], blobs: [] })
  })

  test('LayerStore.release() keeps what another layer or holder still needs', async () => {
    const place = await open(kind)
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
    const place = await open(kind)
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
    const place = await open(kind)
    const layer = await buildLayer([{ path: 'a' }])
    await put(place, layer)
    await place.content.delete(layer.descriptor.digest)
    expect(await place.store.find(layer.descriptor.digest)).toBeUndefined()
    await expect(read(place.store.openTar(chainId(layer.diffId)))).rejects.toMatchObject({ code: 'ERR_LAYER_CORRUPT' })
  })

  test('LayerStore.register() asks for a new measurement when the one it got was dropped', async () => {
    const place = await open(kind)
    const layer = await buildLayer([{ path: 'a' }])
    await writeBlob(place.content, layer.descriptor, layer.bytes)
    const measurement = await place.store.measure(fromBytes(layer.bytes))
    await place.store.discard(measurement)
    const registering = place.store.register(layer.descriptor, measurement, { diffId: layer.diffId, holder: 'image' })
    await expect(registering).rejects.toMatchObject({ code: 'ERR_LAYER_UNMEASURED', blob: layer.descriptor.digest })
  })

  test('LayerStore.openTar() reads another blob of the same tar when the first is gone', async () => {
    const place = await open(kind)
    const files = [{ path: 'a', content: 'same' }]
    const [gz, zst] = [await buildLayer(files), await buildLayer(files, { compression: 'zstd' })]
    const record = await put(place, gz)
    await put(place, zst, 'two')
    await place.content.delete(gz.descriptor.digest)
    expect(Buffer.compare(await read(place.store.openTar(record.chainId)), gz.tar)).toBe(0)
  })

  test('LayerStore.register() refuses a layer whose DiffID is another, and keeps nothing of it', async () => {
    const place = await open(kind)
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

  test('LayerStore.measure() hashes what follows the end of the archive', async () => {
    const place = await open(kind)
    const tar = concat([rawEntry({ name: 'a' }), TAR_ZEROS, rawEntry({ name: 'hidden' }), new Uint8Array(70_000)])
    const layer = layerFromTar(tar)
    const record = await put(place, layer)
    expect(record.diffId).toBe(digestOf(tar))
    expect(await entriesOf(place.store, record.chainId)).toEqual(['file a'])
  })

  test('LayerStore.openTar() refuses content that was changed behind it', async () => {
    const layer = await buildLayer([{ path: 'a', content: 'good' }])
    const evil = await buildLayer([{ path: 'a', content: 'evil' }])
    const content = createMemoryStore()
    let served = layer.bytes
    const changed: ContentStore = { ...content, has: async () => true, fetch: () => fromBytes(served) }
    const place = await open(kind, { content: changed })
    const record = await put(place, layer)
    for (const bytes of [evil.bytes, evil.bytes.subarray(0, -4), gzipSync(concat([layer.tar, layer.tar]))]) {
      served = bytes
      const wanted = { code: 'ERR_LAYER_CORRUPT', chainId: record.chainId }
      await expect(read(place.store.openTar(record.chainId))).rejects.toMatchObject(wanted)
    }
  })

  test.each([
    ['a header with a wrong checksum', [rawEntry({ name: 'a' }), rawHeader({ checksum: '000000\0 ' }), TAR_ZEROS], 512],
    ['a header with a wrong checksum', [Buffer.from('this is no tar at all'.repeat(100))], 0],
    ['its end too early', [rawEntry({ name: 'a' }, 'x'.repeat(700)).subarray(0, 1211)], 1211],
    ['an extended header of 2097152 bytes', [rawEntry({ typeflag: 'x', size: 2 ** 21 })], 0],
  ])('LayerStore keeps a layer whose tar has %s, and fails only its entries', async (found, parts, offset) => {
    const place = await open(kind)
    const layer = layerFromTar(concat(parts))
    const above = await buildLayer([{ path: 'above' }])
    const record = await put(place, layer)
    expect(record).toMatchObject({ diffId: layer.diffId, size: layer.tar.byteLength, fault: { found, offset } })
    expect(await place.store.get(record.chainId)).toEqual(record)
    expect(await put(place, above, 'image', record.chainId)).not.toHaveProperty('fault')
    expect(await read(place.store.openTar(record.chainId))).toEqual(Uint8Array.from(layer.tar))
    const wanted = { code: 'ERR_LAYER_TAR', found, offset, hint: expect.stringContaining('pushed') }
    await expect(entriesOf(place.store, record.chainId)).rejects.toMatchObject(wanted)
    expect(await temporary(place)).toEqual([])
    expect(await filesIn(place, 'sha256')).toHaveLength(kind === 'disk' ? 1 : 0)
    // What is known of the blob is enough for another image, and says the same.
    const again = { diffId: layer.diffId, holder: 'other' }
    expect(await place.store.register(layer.descriptor, undefined, again)).toEqual(record)
    await place.store.release('image')
    expect((await place.store.release('other')).layers).toEqual([record])
    expect(await place.store.find(layer.descriptor.digest)).toBeUndefined()
  })

  test('LayerStore keeps one blob under DiffIDs of both hashes', async () => {
    const place = await open(kind)
    const [layer, above] = [await buildLayer([{ path: 'a' }]), await buildLayer([{ path: 'b' }])]
    await writeBlob(place.content, layer.descriptor, layer.bytes)
    const long = await place.store.measure(fromBytes(layer.bytes), { algorithm: 'sha512' })
    expect(long.diffId).toBe(digestOf(layer.tar, 'sha512'))
    const base = await place.store.register(layer.descriptor, long, { diffId: long.diffId, holder: 'long' })
    expect(base.chainId).toBe(digestOf(layer.tar, 'sha512'))
    expect(await entriesOf(place.store, base.chainId)).toEqual(['file a'])
    expect(await read(place.store.openTar(base.chainId))).toEqual(Uint8Array.from(layer.tar))
    // A mixed stack: its ChainID is by sha256, as that of every stack.
    const mixed = await put(place, above, 'long', base.chainId)
    expect(mixed.chainId).toBe(digestOf(`${long.diffId} ${above.diffId}`))
    const { digest } = layer.descriptor
    expect(await place.store.find(digest, { algorithm: 'sha256' })).toBeUndefined()
    await put(place, layer, 'short')
    expect(await place.store.find(digest, { algorithm: 'sha256' })).toBe(layer.diffId)
    expect(await place.store.find(digest, { algorithm: 'sha512' })).toBe(long.diffId)
    // The blob goes with the last of its DiffIDs.
    expect((await place.store.release('short')).blobs).toEqual([])
    expect(await place.store.find(digest)).toBe(long.diffId)
    expect((await place.store.release('long')).blobs.map((blob) => blob.digest).toSorted()).toEqual(
      [digest, above.descriptor.digest].toSorted(),
    )
  })

  test('LayerStore lists what archive/tar of Go lists, also where other readers disagree', async () => {
    const place = await open(kind)
    const latin1 = Buffer.from('caf\u00e9', 'latin1')
    const tar = concat([
      rawPax({ comment: 'of a commit', path: 'g' }, 'g'),
      rawPax({ path: 'pax', mtime: '-1.25' }),
      rawEntry({ typeflag: 'L', magic: 'ustar  \0' }, 'gnu\0'),
      rawEntry({ name: 'short' }, 'data'),
      rawHeader({ name: 'dir', typeflag: '5', size: 512 }),
      rawHeader({ name: '', patch: (block) => block.set(latin1, 0), linkname: 'note' }),
      rawPax({ path: `${'a/'.repeat(3000)}b` }),
      rawEntry({ typeflag: '7' }),
    ])
    const record = await put(place, layerFromTar(tar))
    const entries = await Array.fromAsync(place.store.entries(record.chainId))
    expect(entries).toMatchObject([
      { name: 'g', type: 'global', pax: { comment: 'of a commit' } },
      { name: 'gnu', type: 'file', size: 4, mtime: -1.25, mtimeNanoseconds: 750_000_000 },
      { name: 'dir', type: 'directory', size: 0, statedSize: 512 },
      { name: 'caf\ufffd', nameBinary: latin1.toString('base64'), linkname: 'note' },
      { name: `${'a/'.repeat(3000)}b`, type: 'file', typeflag: '7' },
    ])
    expect(record.entryCount).toBe(5)
  })

  test('LayerStore registers an empty layer and one without end blocks', async () => {
    const place = await open(kind)
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
    ['damaged xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 9, 9), 'ERR_COMPRESSED_DATA'],
    ['damaged bzip2', Uint8Array.of(0x42, 0x5a, 0x68, 0x39, 9, 9), 'ERR_COMPRESSED_DATA'],
  ])('LayerStore.measure() refuses %s, leaves no file and gives the thread back', async (_name, bytes, code) => {
    const place = await open(kind)
    await expect(place.store.measure(fromBytes(bytes))).rejects.toMatchObject({ code })
    expect(await temporary(place)).toEqual([])
    expect((await place.store.measure(fromBytes(gzipSync('')))).size).toBe(0)
  })

  test('LayerStore.measure() reads multi-member gzip and multi-frame zstd', async () => {
    const place = await open(kind)
    const { tar, diffId } = await buildLayer([{ path: 'a', content: 'x'.repeat(3000) }])
    const [head, tail] = [tar.subarray(0, 700), tar.subarray(700)]
    for (const bytes of [
      concat([gzipSync(head), gzipSync(tail)]),
      concat([zstdCompressSync(head), zstdCompressSync(tail)]),
    ]) {
      expect(await place.store.measure(fromBytes(bytes))).toMatchObject({ diffId, size: tar.byteLength, entryCount: 1 })
    }
  })

  test('LayerStore.measure() enforces the limits of the store', async () => {
    const place = await open(kind, { maxBytes: 2 ** 20 })
    const wanted = { code: 'ERR_COMPRESSION_LIMIT', limit: 'maxBytes' }
    await expect(place.store.measure(fromBytes(gzipSync(new Uint8Array(2 ** 22))))).rejects.toMatchObject(wanted)
    expect(await temporary(place)).toEqual([])
  })

  test('LayerStore.measure() rejects with the reason of an abort and removes its file', async () => {
    const place = await open(kind)
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

  test('LayerStore.measure() stops within a tebibyte of zeros when it is told to, and at its limit', async () => {
    const place = await open(kind, { workers: 1, maxBytes: 2 ** 28 })
    const frame = zstdCompressSync(new Uint8Array(2 ** 26))
    const controller = new AbortController()
    async function* tebibyte(onFrame: (count: number) => void): ByteStream {
      for (let count = 1; count <= 2 ** 14; count += 1) {
        yield frame
        onFrame(count)
      }
    }
    const stopped = place.store.measure(
      tebibyte((count) => count === 10 && controller.abort('enough')),
      { signal: controller.signal },
    )
    await expect(stopped).rejects.toBe('enough')
    const wanted = { code: 'ERR_COMPRESSION_LIMIT', limit: 'maxBytes', max: 2 ** 28 }
    await expect(place.store.measure(tebibyte(() => {}))).rejects.toMatchObject(wanted)
    await expect.poll(() => temporary(place)).toEqual([])
  })

  test('LayerStore.measure() works while bytes arrive, more at a time than there are threads', async () => {
    const place = await open(kind, { workers: 2 })
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
    const place = await open(kind)
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

  test('LayerStore.measure() takes headers that are as large as they may be, many in a row', async () => {
    const place = await open(kind)
    const records = Array.from({ length: 60_000 }, (_, at) => paxRecord(`key-${at}`, 'v')).join('')
    const pieces = 100_000
    const map = `${pieces}\n${Array.from({ length: pieces }, (_, at) => `${at}\n1\n`).join('')}`
    const sparse = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(pieces) }
    const data = map.padEnd(Math.ceil(map.length / 512) * 512, '\0').padEnd(1_000_000, 'x')
    const large = [
      rawEntry({ typeflag: 'x' }, records),
      rawEntry({}),
      rawEntry({ typeflag: 'L', magic: 'ustar  \0' }, 'n'.repeat(2 ** 20)),
      rawEntry({}),
      rawPax(sparse),
      rawEntry({}, data),
    ]
    const layer = layerFromTar(concat(Array.from({ length: 12 }, () => large).flat()))
    const record = await put(place, layer)
    expect(record).toMatchObject({ entryCount: 36, diffId: layer.diffId })
    expect(record).not.toHaveProperty('fault')
    const names: number[] = []
    for await (const entry of place.store.entries(record.chainId)) names.push(entry.name.length)
    expect(names).toEqual(Array.from({ length: 12 }, () => [4, 2 ** 20, 4]).flat())
  })

  test('LayerStore keeps the order and all fields of a large index', async () => {
    const place = await open(kind)
    const tar = concat([
      ...Array.from({ length: 9000 }, (_, index) => rawEntry({ name: `dir/${index}`, mtime: '00000000017\0' })),
      TAR_ZEROS,
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
})

describe('a layer store on a disk', () => {
  test('LayerStore.measure() says that the store cannot be written', async () => {
    const place = await open('disk')
    const layer = await buildLayer([{ path: 'a' }])
    const layers = join(place.directory, 'layers')
    await writeFile(layers, 'in the way')
    const unwritable = { code: 'ERR_FILE_WRITE', problem: 'unwritable' }
    await expect(place.store.measure(fromBytes(layer.bytes))).rejects.toMatchObject(unwritable)
    await rm(layers)
    await place.store.discard(await place.store.measure(fromBytes(layer.bytes)))
    await rm(join(layers, 'tmp'), { recursive: true })
    const fromWorker = await place.store.measure(fromBytes(layer.bytes)).catch((error: unknown) => error)
    expect(fromWorker).toBeInstanceOf(FileWriteError)
    expect(fromWorker).toMatchObject(unwritable)
  })

  test('LayerStore.release() that cannot be recorded keeps the index', async () => {
    const place = await open('disk')
    const record = await put(place, await buildLayer([{ path: 'a' }]))
    const database = openSqlite(join(place.directory, 'metadata.db'))
    let isFull = false
    const content = place.content
    const failing = createLayerStore({
      content,
      directory: join(place.directory, 'layers'),
      database: {
        ...database,
        run: (...words) => database.run(...words),
        all: (...words) => database.all(...words),
        transaction: (work) =>
          database.transaction(() => {
            const result = work()
            if (isFull) throw new Error('the disk is full')
            return result
          }),
      },
    })
    isFull = true
    await expect(failing.release('image')).rejects.toThrow('the disk is full')
    expect(await readdir(join(place.directory, 'layers', 'sha256'))).toHaveLength(1)
    expect(await place.store.get(record.chainId)).toEqual(record)
    await failing[Symbol.asyncDispose]()
    database.close()
  })

  test('LayerStore.entries() makes a lost index again', async () => {
    const place = await open('disk')
    const layer = await buildLayer([{ path: 'a' }, { path: 'b' }])
    const record = await put(place, layer)
    await rm(join(place.directory, 'layers', 'sha256'), { recursive: true })
    expect(await entriesOf(place.store, record.chainId)).toEqual(['file a', 'file b'])
    expect(await readdir(join(place.directory, 'layers', 'sha256'))).toHaveLength(1)
    expect(await temporary(place)).toEqual([])
  })

  test.each([
    ['empty', (index: Uint8Array) => index.subarray(0, 0)],
    ['cut off', (index: Uint8Array) => index.subarray(0, -30)],
    ['zeros in the middle', (index: Uint8Array) => index.with(20, 0).with(21, 0).with(22, 0)],
  ])(
    'LayerStore.entries() makes an index again that a power cut left %s, and so does a registration',
    async (_, tear) => {
      const place = await open('disk')
      const layer = await buildLayer([{ path: 'a' }, { path: 'b' }])
      const record = await put(place, layer)
      const file = join(place.directory, 'layers', 'sha256', record.diffId.slice('sha256:'.length))
      const whole = await readFile(file)
      const torn = tear(new Uint8Array(whole))
      await writeFile(file, torn)
      expect(await entriesOf(place.store, record.chainId)).toEqual(['file a', 'file b'])
      expect(await readFile(file)).toEqual(whole)
      await writeFile(file, torn.subarray(0, -30))
      await put(place, layer, 'other')
      expect(await readFile(file)).toEqual(whole)
    },
  )

  test('LayerStore.sweep() removes what killed processes left, and nothing that somebody has or writes', async () => {
    const ended = new Set<string>()
    const life = (id: string): WriterLife => ({
      begin: async () => id,
      ended: async (lives) => lives.filter((each) => ended.has(each)),
    })
    const dead = await open('disk', { life: life('dead') })
    const { directory, content } = dead
    const alive = await open('disk', { directory, content, life: life('alive') })
    const record = await put(alive, await buildLayer([{ path: 'a' }]))
    const layers = join(directory, 'layers')
    await writeFile(join(layers, 'sha256', '0'.repeat(64)), 'of a removal that was killed')
    await writeFile(join(layers, 'sha256', 'no-digest'), 'somebody put it here')
    const tars = [await buildLayer([{ path: 'b' }]), await buildLayer([{ path: 'c' }])] as const
    await dead.store.measure(fromBytes(tars[0].bytes))
    const writing = await alive.store.measure(fromBytes(tars[1].bytes))
    await writeFile(join(layers, 'tmp', randomUUID()), 'of a release before names told of lives')
    const old = join(layers, 'tmp', randomUUID())
    await writeFile(old, 'the same, long ago')
    await utimes(old, 0, 0)
    await alive.store.sweep()
    expect(await temporary(alive)).toHaveLength(3)
    ended.add('dead')
    await alive.store.sweep()
    expect(await temporary(alive)).toHaveLength(2)
    const hex = record.diffId.slice('sha256:'.length)
    expect((await filesIn(alive, 'sha256')).toSorted()).toEqual([hex, 'no-digest'].toSorted())
    await writeBlob(content, tars[1].descriptor, tars[1].bytes)
    await alive.store.register(tars[1].descriptor, writing, { diffId: tars[1].diffId, holder: 'image' })
  })

  test('LayerStore shares its tables and indexes with another opening of them', async () => {
    const place = await open('disk')
    const other = await open('disk', { directory: place.directory, content: place.content })
    const layer = await buildLayer([{ path: 'a' }])
    const [one, two] = await Promise.all([put(place, layer, 'one'), put(other, layer, 'two')])
    expect(one).toEqual(two)
    expect(await place.store.release('one')).toEqual({ layers: [], blobs: [] })
    expect((await other.store.release('two')).layers).toEqual([one])
    expect(await place.store.get(one.chainId)).toBeUndefined()
  })
})
