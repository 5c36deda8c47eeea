import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { findPeer } from '@drayage/testkit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decompress, inflateRare } from '../inflate/decompress.ts'
import { createInflater } from '../inflate/inflater.ts'
import { SAMPLES } from '../test/packed-samples.ts'
import { bunzip2 } from './bunzip2.ts'
import { unxz } from './unxz.ts'

const xz = findPeer('xz')
const BIG = { maxBytes: 2 ** 30 }
const IN_THREAD = { bzip2: bunzip2, xz: unxz }
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

async function* pieces(bytes: Uint8Array, length: number): ByteStream {
  for (let offset = 0; offset < bytes.byteLength; offset += length) yield bytes.subarray(offset, offset + length)
}

test.each(SAMPLES)('decompress() inflates $name', async ({ compression, packed, bytes }) => {
  for (const length of [1, 7, 65_536]) {
    expect(same(await collect(IN_THREAD[compression](pieces(packed, length)), BIG), bytes)).toBe(true)
  }
  expect(same(await collect(decompress(pieces(packed, 3)), BIG), bytes)).toBe(true)
})

test('decompress() and inflateRare() inflate bzip2 and xz by their first bytes, or as they are told', async () => {
  for (const compression of ['bzip2', 'xz'] as const) {
    const found = SAMPLES.find((each) => each.compression === compression)
    const { packed = new Uint8Array(0), bytes = packed } = found ?? {}
    expect(same(await collect(decompress(fromBytes(packed), { compression }), BIG), bytes)).toBe(true)
    expect(same(await collect(inflateRare(pieces(packed, 5)), BIG), bytes)).toBe(true)
    await expect(collect(decompress(fromBytes('tar'), { compression }), BIG)).rejects.toMatchObject({ compression })
  }
})

test('inflateRare() leaves gzip, zstd, tars and nothing as they are', async () => {
  for (const bytes of [[0x1f, 0x8b, 8], [0x28, 0xb5, 0x2f, 0xfd], [0x61], []].map((each) => Uint8Array.from(each))) {
    expect(await collect(inflateRare(fromBytes(bytes)), BIG)).toEqual(bytes)
  }
})

test('Inflater.inflate() gives bytes, digest and size of bzip2 and xz', async () => {
  const inflater = createInflater({ workers: 1 })
  for (const { packed, bytes } of SAMPLES) {
    const { stream, result } = inflater.inflate(fromBytes(packed))
    expect(same(await collect(stream, BIG), bytes)).toBe(true)
    expect(await result).toEqual({ digest: digestOf(bytes), size: bytes.byteLength })
  }
  await inflater[Symbol.asyncDispose]()
})

describe.each(['bzip2', 'xz'] as const)('%s', (compression) => {
  const samples = SAMPLES.filter((each) => each.compression === compression)
  const [first = SAMPLES[0], second = SAMPLES[0]] = samples
  const inflate = async (packed: Uint8Array, length = 65_536): Promise<Uint8Array> =>
    await collect(IN_THREAD[compression](pieces(packed, length)), BIG)
  const failure = { code: 'ERR_COMPRESSED_DATA', compression }

  test('of several streams is inflated as one', async () => {
    const packed = concat(samples.map((each) => each.packed))
    const bytes = concat(samples.map((each) => each.bytes))
    for (const length of [11, packed.byteLength]) expect(same(await inflate(packed, length), bytes)).toBe(true)
    const chunks = fromBytes(...samples.map((each) => each.packed))
    expect(same(await collect(IN_THREAD[compression](chunks), BIG), bytes)).toBe(true)
  })

  test('that ends too early is refused, wherever it is cut', async () => {
    const packed = concat([first?.packed ?? '', second?.packed ?? ''].map((each) => Buffer.from(each)))
    const whole = first?.packed.byteLength ?? 0
    for (let cut = 1; cut < packed.byteLength; cut += cut > 12 && Math.abs(cut - whole) > 12 ? 5 : 1) {
      if (cut === whole) continue
      await expect(inflate(packed.subarray(0, cut))).rejects.toMatchObject(failure)
    }
  })

  test('with other bytes behind it is refused', async () => {
    for (const junk of ['junk', 'B', '\0', 'BZh', '\u00fd7zXZ', 'x'.repeat(100_000)]) {
      const packed = concat([first?.packed ?? new Uint8Array(0), Buffer.from(junk, 'latin1')])
      for (const length of [1000, packed.byteLength]) {
        await expect(inflate(packed, length)).rejects.toMatchObject(failure)
      }
    }
  })

  test('with one changed bit gives the same bytes or is refused', async () => {
    const whole = first?.packed ?? new Uint8Array(0)
    for (let bit = 0; bit < whole.byteLength * 8; bit += 17) {
      const changed = Uint8Array.from(whole)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const outcome = await inflate(changed).catch((error: unknown) => error)
      if (outcome instanceof Uint8Array) expect(same(outcome, first?.bytes ?? whole)).toBe(true)
      else expect(outcome).toMatchObject(failure)
    }
  })

  test('of any bytes is refused or inflated, and always ends', async () => {
    const magic = first?.packed.subarray(0, 12) ?? new Uint8Array(0)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 4, max: 12 }), async (rest, kept) => {
        const outcome = await inflate(concat([magic.subarray(0, kept), rest])).catch((error: unknown) => error)
        if (!(outcome instanceof Uint8Array)) expect(outcome).toMatchObject(failure)
      }),
      { numRuns: 30 },
    )
  })

  test('closes its source, and rejects with the error of that and the reason of its signal', async () => {
    const closed: string[] = []
    const reason = new Error('enough')
    async function* source(how: string): ByteStream {
      try {
        yield first?.packed.subarray(0, 20) ?? new Uint8Array(0)
        if (how === 'broken') throw reason
        if (how === 'silent') await new Promise(() => {})
        for (;;) yield randomBytes(65_536)
      } finally {
        closed.push(how)
      }
    }
    await expect(collect(decompress(source('broken')), BIG)).rejects.toBe(reason)
    const controller = new AbortController()
    const silent = collect(decompress(source('silent'), { signal: controller.signal }), BIG)
    setTimeout(() => controller.abort(reason), 5)
    await expect(silent).rejects.toBe(reason)
    await expect(collect(decompress(source('endless')), BIG)).rejects.toMatchObject(failure)
    await expect.poll(() => closed).toEqual(expect.arrayContaining(['broken', 'endless']))
  })

  test('leaves the thread that asks for it free, and holds little of it', async () => {
    const { packed } = samples.find((each) => each.bytes.byteLength > 1_000_000) ?? samples[0] ?? SAMPLES[0] ?? {}
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    let most = 0
    for await (const chunk of decompress(fromBytes(...Array.from({ length: 4 }, () => packed ?? new Uint8Array(0))))) {
      most = Math.max(most, chunk.byteLength)
    }
    isDone = true
    expect(turns).toBeGreaterThan(50)
    expect(most).toBeLessThanOrEqual(262_144)
  })
})

const WRITERS = [
  ...['-1', '-9'].map((level) => ['bzip2', level]),
  ...['-0', '-9e', '--check=crc32', '--block-size=1MiB'].map((option) => ['xz', option]),
]

test.skipIf(xz === undefined || findPeer('bzip2') === undefined).each(WRITERS)(
  'decompress() inflates what %s %s writes (xz, bzip2)',
  async (program = '', option = '') => {
    const bytes = concat([Buffer.from('anchor buoy '.repeat(100_000)), randomBytes(1_100_000), Buffer.alloc(1_000_000)])
    const packed = execFileSync(program, [option, '-c'], { input: bytes, maxBuffer: 2 ** 30 })
    expect(same(await collect(decompress(pieces(packed, 50_000)), BIG), bytes)).toBe(true)
  },
)

test.skipIf(xz === undefined).each(['--check=sha256', '--lzma2=dict=128MiB'])(
  'decompress() refuses xz %s, which its decoder does not have, and ends (xz)',
  async (option) => {
    const packed = execFileSync(String(xz), [option, '-c'], { input: randomBytes(100_000) })
    await expect(collect(decompress(fromBytes(packed)), BIG)).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
  },
)
