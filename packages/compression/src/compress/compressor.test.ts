import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { randomBytes, runOk, tempDir } from '@drayage/testkit'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'

import { createCompressor, DEFAULT_LEVELS, MAX_LEVELS } from './compressor.ts'
import { decompress } from '../inflate/decompress.ts'
import { CompressedDataError } from '../errors.ts'

const MIB = 2 ** 20
const compressor = createCompressor({ workers: 2 })
/** Text that refers back over block borders, noise and zeros; ends inside a block. */
const tar = concat([
  Buffer.from(Array.from({ length: 200_000 }, (_, line) => `line ${line % 997} of a text\n`).join('')),
  randomBytes(1, MIB + 12_345),
  new Uint8Array(2 * MIB),
  randomBytes(2, 77),
])

afterAll(() => compressor[Symbol.asyncDispose]())

async function* pieces(bytes: Uint8Array, size: number = 16_384): ByteStream {
  for (let offset = 0; offset < bytes.byteLength; offset += size) yield bytes.slice(offset, offset + size)
}

const inflateSync = { gzip: gunzipSync, zstd: zstdDecompressSync }

test.each([
  ['gzip', undefined],
  ['gzip', 1],
  ['gzip', 9],
  ['zstd', undefined],
  ['zstd', 1],
] as const)(
  'Compressor.compress() to %s at level %s gives bytes that inflate again, and both digests',
  async (compression, level) => {
    const { stream, result } = compressor.compress(pieces(tar), { compression, level })
    const bytes = await collect(stream, { maxBytes: 16 * MIB })
    expect(await result).toEqual({
      digest: digestOf(bytes),
      size: bytes.byteLength,
      uncompressed: { digest: digestOf(tar), size: tar.byteLength },
    })
    expect(Buffer.compare(inflateSync[compression](bytes), tar)).toBe(0)
    expect(Buffer.compare(await collect(decompress(fromBytes(bytes)), { maxBytes: 16 * MIB }), tar)).toBe(0)
    const whole = compression === 'gzip' ? gzipSync(tar, { level: level ?? 6 }) : zstdCompressSync(tar)
    expect(bytes.byteLength).toBeLessThan(whole.byteLength * 1.02)
  },
)

test('Compressor.compress() makes one gzip member, which the gzip program reads', async () => {
  await using work = await tempDir()
  const file = path.join(work.path, 'layer.gz')
  await writeFile(
    file,
    await collect(compressor.compress(pieces(tar), { compression: 'gzip' }).stream, { maxBytes: 16 * MIB }),
  )
  await runOk('gzip', ['-t', file])
  await runOk('gzip', ['-d', file])
  expect((await runOk('sha256sum', [path.join(work.path, 'layer')])).stdout).toContain(digestOf(tar).slice(7))
})

test.each(['gzip', 'zstd'] as const)(
  'Compressor.compress() to %s takes no bytes and few bytes',
  async (compression) => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(7)]) {
      const { stream, result } = compressor.compress(fromBytes(bytes), { compression })
      const compressed = await collect(stream, { maxBytes: 100 })
      expect(new Uint8Array(inflateSync[compression](compressed))).toEqual(bytes)
      expect((await result).uncompressed).toEqual({ digest: digestOf(bytes), size: bytes.byteLength })
    }
  },
)

test.each(['gzip', 'zstd'] as const)(
  'Compressor.compress() to %s gives the same bytes however the source is cut and on any number of threads',
  async (compression) => {
    await using single = createCompressor({ workers: 1 })
    const a = await collect(compressor.compress(pieces(tar, 1_000_003), { compression }).stream, { maxBytes: 16 * MIB })
    const b = await collect(single.compress(pieces(tar, 4099), { compression }).stream, { maxBytes: 16 * MIB })
    expect(digestOf(a)).toBe(digestOf(b))
  },
)

test.each([
  ['gzip', 'zstd', gzipSync(tar)],
  ['zstd', 'gzip', zstdCompressSync(tar)],
  ['no compression', 'gzip', tar],
] as const)('Compressor.recompress() makes of %s %s', async (_from, compression, source) => {
  const { stream, result } = compressor.recompress(pieces(source), { compression })
  const bytes = await collect(stream, { maxBytes: 16 * MIB })
  expect(Buffer.compare(inflateSync[compression](bytes), tar)).toBe(0)
  expect((await result).uncompressed.digest).toBe(digestOf(tar))
})

test('Compressor.recompress() fails with typed errors and gives the thread back', async () => {
  await using one = createCompressor({ workers: 1 })
  const broken = one.recompress(fromBytes(gzipSync(tar).subarray(0, -5)), { compression: 'zstd' })
  await expect(collect(broken.stream, { maxBytes: 16 * MIB })).rejects.toBeInstanceOf(CompressedDataError)
  await expect(broken.result).rejects.toMatchObject({ fault: 'truncated' })
  const limited = one.recompress(fromBytes(gzipSync(tar)), { compression: 'zstd', inflate: { maxBytes: 10 } })
  await expect(collect(limited.stream, { maxBytes: 16 * MIB })).rejects.toMatchObject({ limit: 'maxBytes' })
  const fine = one.compress(fromBytes(Uint8Array.of(1)), { compression: 'gzip' })
  expect(gunzipSync(await collect(fine.stream, { maxBytes: 100 }))).toHaveLength(1)
})

test('Compressor.compress() waits for its consumer, and closes its source when that stops', async () => {
  let read = 0
  let closed = false
  async function* source(): ByteStream {
    try {
      for (;;) {
        read += 1
        yield randomBytes(read, 65_536)
      }
    } finally {
      closed = true
    }
  }
  const { stream, result } = compressor.compress(source(), { compression: 'gzip' })
  const iterator = stream[Symbol.asyncIterator]()
  await iterator.next()
  await new Promise((resolve) => setTimeout(resolve, 100))
  // Output that waits, blocks under way and input on its way, of 1 MiB each, 16 reads a MiB.
  expect(read).toBeLessThan(16 * 16)
  await iterator.return?.()
  await expect(result).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(() => closed).toBe(true)
})

test('Compressor.compress() rejects with the reason of an abort', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  async function* endless(): ByteStream {
    for (let seed = 0; ; seed++) {
      if (seed === 50) controller.abort(reason)
      yield randomBytes(seed, 65_536)
    }
  }
  const { stream, result } = compressor.compress(endless(), { compression: 'zstd', signal: controller.signal })
  await expect(collect(stream, { maxBytes: 100 * MIB })).rejects.toBe(reason)
  await expect(result).rejects.toBe(reason)
})

test('createCompressor() has every level up to its limits and no other', async () => {
  for (const compression of ['gzip', 'zstd'] as const) {
    expect(DEFAULT_LEVELS[compression]).toBe({ gzip: 6, zstd: 3 }[compression])
    for (const level of [0, MAX_LEVELS[compression] + 1, 1.5, Number.NaN]) {
      expect(() => compressor.compress(fromBytes(), { compression, level })).toThrow(RangeError)
    }
    const { stream } = compressor.compress(fromBytes(tar.subarray(0, 9999)), {
      compression,
      level: MAX_LEVELS[compression],
    })
    expect(inflateSync[compression](await collect(stream, { maxBytes: MIB }))).toHaveLength(9999)
  }
})
