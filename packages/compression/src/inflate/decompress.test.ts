import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { randomBytes } from 'node:crypto'
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { decompress, type DecompressOptions } from './decompress.ts'

const MIB = 2 ** 20
const words = new TextEncoder().encode('anchor buoy crane dock '.repeat(40_000))
const mixed = concat([words, randomBytes(MIB), words])
const skippable = (length: number): Uint8Array => {
  const frame = new Uint8Array(8 + length)
  frame.set([0x5a, 0x2a, 0x4d, 0x18, length & 255, (length >> 8) & 255, 0, 0])
  return frame
}

async function* inPieces(bytes: Uint8Array, length: number): ByteStream {
  for (let offset = 0; offset < bytes.byteLength; offset += length) yield bytes.subarray(offset, offset + length)
}

function inflated(bytes: Uint8Array, options: DecompressOptions & { pieces?: number } = {}): Promise<Uint8Array> {
  const { pieces = 65536, ...rest } = options
  return collect(decompress(inPieces(bytes, pieces), rest), { maxBytes: 2 ** 31 })
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

test.each([
  ['gzip', gzipSync(mixed)],
  ['zstd', zstdCompressSync(mixed)],
  ['none', mixed],
] as const)('decompress() gives back what was compressed with %s', async (compression, bytes) => {
  expect(same(await inflated(bytes), mixed)).toBe(true)
  expect(same(await inflated(bytes, { compression }), mixed)).toBe(true)
})

test.each(['gzip', 'zstd', 'none'] as const)('decompress() gives the same for every way to cut %s', async (form) => {
  const part = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 64 }), async (parts, pieces) => {
      const compress = { gzip: gzipSync, zstd: zstdCompressSync, none: (bytes: Uint8Array) => bytes }[form]
      const bytes = concat(parts.map((bytes) => new Uint8Array(compress(bytes))))
      expect(
        same(await inflated(bytes, { pieces, compression: bytes.length > 0 ? form : 'none' }), concat(parts)),
      ).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('decompress() reads all members of a gzip stream, also where they meet a chunk', async () => {
  const members = [gzipSync('one,'), gzipSync(''), gzipSync('two,'), gzipSync(words)]
  const whole = concat(members)
  for (const pieces of [1, 7, whole.byteLength]) {
    expect(same(await inflated(whole, { pieces }), concat([Buffer.from('one,two,'), words]))).toBe(true)
  }
  expect(
    same(await collect(decompress(fromBytes(...members)), { maxBytes: MIB }), concat([Buffer.from('one,two,'), words])),
  ).toBe(true)
})

test('decompress() reads all frames of a zstd stream and skips skippable ones', async () => {
  const whole = concat([
    skippable(0),
    zstdCompressSync('one,'),
    skippable(300),
    zstdCompressSync(mixed, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    zstdCompressSync(''),
    skippable(5),
  ])
  for (const pieces of [101, 65536, whole.byteLength]) {
    expect(same(await inflated(whole, { pieces }), concat([Buffer.from('one,'), mixed]))).toBe(true)
  }
})

test.each([
  ['gzip', concat([gzipSync('one,'), gzipSync(mixed)])],
  ['zstd', concat([zstdCompressSync('one,'), skippable(300), zstdCompressSync(mixed)])],
])('decompress() empties the arrays of %s that it is given, and only then', async (_, bytes) => {
  const expected = concat([Buffer.from('one,'), mixed])
  const lengthsAfter = async (ownsSource: boolean): Promise<readonly number[]> => {
    const pieces = await Array.fromAsync(inPieces(bytes, 100_000), (piece) => piece.slice())
    expect(same(await collect(decompress(fromBytes(...pieces), { ownsSource }), { maxBytes: 2 ** 31 }), expected)).toBe(
      true,
    )
    return pieces.map((piece) => piece.byteLength)
  }
  expect(new Set(await lengthsAfter(true))).toEqual(new Set([0]))
  expect(await lengthsAfter(false)).not.toContain(0)
})

test('decompress() reads thousands of small zstd frames', async () => {
  const whole = concat(Array.from({ length: 3000 }, (_, index) => new Uint8Array(zstdCompressSync(`${index},`))))
  const text = Buffer.from(await inflated(whole)).toString()
  expect(text).toBe(Array.from({ length: 3000 }, (_, index) => `${index},`).join(''))
})

test('decompress() takes an empty source for an empty stream', async () => {
  expect(await inflated(new Uint8Array(0))).toHaveLength(0)
  await expect(inflated(new Uint8Array(0), { compression: 'gzip' })).rejects.toMatchObject({ fault: 'truncated' })
})

test.each([
  ['gzip', gzipSync(mixed)],
  ['zstd', zstdCompressSync(mixed, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ['zstd', concat([zstdCompressSync(words), zstdCompressSync(words)])],
  ['gzip', concat([gzipSync(words), gzipSync(words)])],
] as const)('decompress() refuses %s that ends too early', async (compression, bytes) => {
  for (const cut of [1, 4, 9, Math.floor(bytes.byteLength / 3)]) {
    const wanted = { code: 'ERR_COMPRESSED_DATA', compression, fault: 'truncated' }
    await expect(inflated(bytes.subarray(0, -cut))).rejects.toMatchObject(wanted)
  }
})

test.each(['gzip', 'zstd'] as const)('decompress() refuses bytes after the end of %s', async (compression) => {
  const whole = compression === 'gzip' ? gzipSync(words) : zstdCompressSync(words)
  for (const junk of ['junk', '\0\0\0\0', '\0'.repeat(200_000), '\x1f\x8c', `\0${'x'.repeat(90_000)}`]) {
    for (const pieces of [whole.byteLength, 1000, whole.byteLength + 1]) {
      const bytes = concat([whole, Buffer.from(junk, 'latin1')])
      const wanted = { code: 'ERR_COMPRESSED_DATA', fault: 'trailing' }
      await expect(inflated(bytes, { pieces })).rejects.toMatchObject(wanted)
    }
  }
})

test.each(['gzip', 'zstd'] as const)('decompress() refuses a single byte after the end of %s', async (compression) => {
  const whole = compression === 'gzip' ? gzipSync(words) : zstdCompressSync(words)
  for (const byte of [0x00, 0x1f, 0x28, 0x78]) {
    const bytes = concat([whole, Uint8Array.of(byte)])
    // gzip reads it as the start of another member, or as padding.
    await expect(inflated(bytes)).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA', compression })
  }
})

test.each(['gzip', 'zstd'] as const)('decompress() refuses damaged %s', async (compression) => {
  const bytes =
    compression === 'gzip'
      ? gzipSync(mixed)
      : zstdCompressSync(mixed, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
  const damaged = Uint8Array.from(bytes)
  damaged.fill(0xa5, 2000, 2400)
  await expect(inflated(damaged)).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA', compression })
})

test('decompress() refuses a zstd frame that asks for a window of 2^31 bytes', async () => {
  const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0, 0)
  const wanted = { code: 'ERR_COMPRESSION_LIMIT', limit: 'maxWindowBytes', max: 2 ** 29 }
  await expect(inflated(header)).rejects.toMatchObject(wanted)
  const eightMib = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 0x01, 0, 0)
  expect(await inflated(eightMib)).toHaveLength(0)
  await expect(inflated(eightMib, { maxWindowBytes: MIB })).rejects.toMatchObject({ max: MIB })
})

test.each([
  [27, 2 ** 29],
  [29, 2 ** 29],
  [30, 2 ** 30],
])('decompress() accepts a window of 2^%d bytes', async (windowLog, maxWindowBytes) => {
  const params = { [constants.ZSTD_c_windowLog]: windowLog, [constants.ZSTD_c_compressionLevel]: 1 }
  const engine = createZstdCompress({ params })
  engine.end(words)
  const bytes = await collect(engine, { maxBytes: MIB })
  const limits = maxWindowBytes === 2 ** 29 ? {} : { maxWindowBytes }
  expect(same(await inflated(bytes, limits), words)).toBe(true)
  await expect(inflated(bytes, { maxWindowBytes: 2 ** (windowLog - 1) })).rejects.toMatchObject({
    code: 'ERR_COMPRESSION_LIMIT',
    limit: 'maxWindowBytes',
  })
})

test('decompress() lets streams with large windows wait for each other, and forgets those that stop', async () => {
  const params = { [constants.ZSTD_c_windowLog]: 29, [constants.ZSTD_c_compressionLevel]: 1 }
  const engine = createZstdCompress({ params })
  engine.end(words)
  const bytes = await collect(engine, { maxBytes: MIB })
  const ends: string[] = []
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  async function* slow(): ByteStream {
    yield bytes.subarray(0, 100)
    // Asked for more, it has the memory for its window.
    begun.resolve()
    await gate.promise
    yield bytes.subarray(100)
  }
  const first = collect(decompress(slow()), { maxBytes: MIB }).then(() => ends.push('first'))
  await begun.promise
  const others = Array.from({ length: 3 }, () => inflated(bytes).then(() => ends.push('other')))
  const controller = new AbortController()
  const stopped = inflated(bytes, { signal: controller.signal })
  // A small window does not wait.
  expect(same(await inflated(zstdCompressSync(words)), words)).toBe(true)
  controller.abort('enough')
  await expect(stopped).rejects.toBe('enough')
  expect(ends).toEqual([])
  gate.resolve()
  await Promise.all([first, ...others])
  expect(ends).toEqual(['first', 'other', 'other', 'other'])
  expect(same(await inflated(bytes), words)).toBe(true)
})

test('decompress() stops at maxBytes', async () => {
  const bomb = gzipSync(new Uint8Array(8 * MIB))
  const wanted = { code: 'ERR_COMPRESSION_LIMIT', limit: 'maxBytes', max: MIB }
  await expect(inflated(bomb, { maxBytes: MIB })).rejects.toMatchObject(wanted)
  await expect(inflated(new Uint8Array(2 * MIB), { maxBytes: MIB })).rejects.toMatchObject(wanted)
  expect(await inflated(bomb, { maxBytes: 8 * MIB })).toHaveLength(8 * MIB)
})

test.each(['gzip', 'zstd'] as const)(
  'decompress() gives all of 1.25 GiB of zeros before random bytes, compressed with %s as far as it can',
  async (compression) => {
    const compress = compression === 'gzip' ? gzipSync : zstdCompressSync
    const zeros = compress(new Uint8Array(64 * MIB))
    expect((64 * MIB) / zeros.byteLength).toBeGreaterThan(1000)
    const random = randomBytes(MIB)
    const parts = [...Array.from({ length: 20 }, () => zeros), compress(random)]
    let length = 0
    const last: Uint8Array[] = []
    for await (const chunk of decompress(fromBytes(...parts))) {
      length += chunk.byteLength
      if (length > 1280 * MIB) last.push(chunk)
    }
    expect(length).toBe(1281 * MIB)
    expect(same(concat(last).slice(-MIB), random)).toBe(true)
  },
)

test.each(['maxBytes', 'maxWindowBytes'])('decompress() refuses a %s of 0', (name) => {
  expect(() => decompress(fromBytes(), { [name]: 0 })).toThrow(RangeError)
})

test.each(['gzip', 'zstd', 'none'] as const)('decompress() rejects with the reason of an abort, %s', async (form) => {
  const bytes = { gzip: gzipSync(mixed), zstd: zstdCompressSync(mixed), none: mixed }[form]
  const controller = new AbortController()
  async function* source(): ByteStream {
    yield bytes.subarray(0, 1000)
    setImmediate(() => controller.abort('enough'))
    await new Promise(() => {})
  }
  const options = { signal: controller.signal }
  await expect(collect(decompress(source(), options), { maxBytes: 8 * MIB })).rejects.toBe('enough')
  await expect(collect(decompress(fromBytes(bytes), options), { maxBytes: 8 * MIB })).rejects.toBe('enough')
})

test.each(['gzip', 'zstd', 'none'] as const)('decompress() passes on the error of its source, %s', async (form) => {
  const bytes = { gzip: gzipSync(mixed), zstd: zstdCompressSync(mixed), none: mixed }[form]
  const failure = new Error('line cut')
  async function* source(): ByteStream {
    yield bytes.subarray(0, 100_000)
    throw failure
  }
  await expect(collect(decompress(source()), { maxBytes: 8 * MIB })).rejects.toBe(failure)
})

test.each(['gzip', 'zstd', 'none'] as const)(
  'decompress() closes its source when its consumer stops, %s',
  async (form) => {
    const bytes = { gzip: gzipSync(mixed), zstd: zstdCompressSync(mixed), none: mixed }[form]
    let closed = false
    async function* source(): ByteStream {
      try {
        for (let offset = 0; offset < bytes.byteLength; offset += 5000) yield bytes.subarray(offset, offset + 5000)
      } finally {
        closed = true
      }
    }
    for await (const chunk of decompress(source())) {
      expect(chunk.byteLength).toBeGreaterThan(0)
      break
    }
    expect(closed).toBe(true)
  },
)
