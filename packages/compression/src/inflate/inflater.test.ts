import { collect, concat, fromBytes, type ByteStream } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { randomBytes } from 'node:crypto'
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'

import { CompressedDataError, CompressionLimitError } from '../errors.ts'
import { createInflater } from './inflater.ts'

const MIB = 2 ** 20
const inflater = createInflater({ workers: 2 })
const tar = concat([randomBytes(MIB + 12_345), new Uint8Array(3 * MIB), randomBytes(77)])

afterAll(() => inflater[Symbol.asyncDispose]())

async function* pieces(bytes: Uint8Array): ByteStream {
  for (let offset = 0; offset < bytes.byteLength; offset += 16_384) yield bytes.subarray(offset, offset + 16_384)
}

test.each([
  ['gzip', gzipSync(tar)],
  ['two gzip members', concat([gzipSync(tar.subarray(0, MIB)), gzipSync(tar.subarray(MIB))])],
  ['zstd', zstdCompressSync(tar)],
  ['two zstd frames', concat([zstdCompressSync(tar.subarray(0, MIB)), zstdCompressSync(tar.subarray(MIB))])],
  ['no compression', tar],
])('Inflater.inflate() gives bytes, digest and size of %s', async (_name, bytes) => {
  const { stream, result } = inflater.inflate(pieces(bytes))
  const inflated = await collect(stream, { maxBytes: 8 * MIB })
  expect(Buffer.compare(inflated, tar)).toBe(0)
  expect(await result).toEqual({ digest: digestOf(tar), size: tar.byteLength })
})

test('Inflater.inflate() computes other digests', async () => {
  const { stream, result } = inflater.inflate(fromBytes(gzipSync('a')), { algorithm: 'sha512' })
  await collect(stream, { maxBytes: MIB })
  expect((await result).digest).toBe(digestOf('a', 'sha512'))
})

test('Inflater.inflate() fails with typed errors and gives the thread back', async () => {
  const one = createInflater({ workers: 1 })
  const odd = [
    [gzipSync(tar).subarray(0, -5), CompressedDataError],
    [concat([gzipSync(tar), Buffer.from('junk')]), CompressedDataError],
    [concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0)]), CompressionLimitError],
    [concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), randomBytes(100)]), Error],
  ] as const
  for (const [bytes, type] of odd) {
    const { stream, result } = one.inflate(fromBytes(bytes))
    await expect(collect(stream, { maxBytes: 8 * MIB })).rejects.toBeInstanceOf(type)
    await expect(result).rejects.toBeInstanceOf(type)
  }
  const { stream } = one.inflate(fromBytes(gzipSync('fine')))
  expect(Buffer.from(await collect(stream, { maxBytes: 10 })).toString()).toBe('fine')
  await one[Symbol.asyncDispose]()
})

test('Inflater.inflate() enforces limits', async () => {
  const { stream } = inflater.inflate(fromBytes(gzipSync(tar)), { maxBytes: MIB })
  await expect(collect(stream, { maxBytes: 8 * MIB })).rejects.toMatchObject({ limit: 'maxBytes', max: MIB })
})

test('Inflater.inflate() waits for its consumer', async () => {
  let read = 0
  async function* source(): ByteStream {
    for (let index = 0; index < 400; index++) {
      read += 1
      yield randomBytes(65_536)
    }
  }
  const { stream } = inflater.inflate(source())
  const iterator = stream[Symbol.asyncIterator]()
  await iterator.next()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(read).toBeLessThan(100)
  await iterator.return?.()
})

test('Inflater.inflate() closes its source and frees its thread when its consumer stops', async () => {
  const one = createInflater({ workers: 1 })
  let closed = false
  async function* source(): ByteStream {
    try {
      for (;;) yield randomBytes(65_536)
    } finally {
      closed = true
    }
  }
  const { stream, result } = one.inflate(source())
  for await (const chunk of stream) {
    expect(chunk.byteLength).toBeGreaterThan(0)
    break
  }
  await expect(result).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(() => closed).toBe(true)
  expect(await collect(one.inflate(fromBytes('a')).stream, { maxBytes: 1 })).toHaveLength(1)
  await one[Symbol.asyncDispose]()
})

test('Inflater.inflate() rejects with the reason of an abort and with the error of its source', async () => {
  const controller = new AbortController()
  const failure = new Error('line cut')
  async function* silent(): ByteStream {
    yield new Uint8Array(10)
    setTimeout(() => controller.abort(failure), 5)
    await new Promise(() => {})
  }
  const { stream, result } = inflater.inflate(silent(), { signal: controller.signal })
  await expect(collect(stream, { maxBytes: MIB })).rejects.toBe(failure)
  await expect(result).rejects.toBe(failure)
  async function* broken(): ByteStream {
    yield new Uint8Array(10)
    throw failure
  }
  await expect(collect(inflater.inflate(broken()).stream, { maxBytes: MIB })).rejects.toBe(failure)
})

test('createInflater() gives threads one large window at a time, and the next one that of a thread that was ended', async () => {
  const engine = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 29 } })
  engine.end('large')
  const bytes = await collect(engine, { maxBytes: 1000 })
  const inflater = createInflater({ workers: 3 })
  const texts = Array.from({ length: 3 }, async () =>
    Buffer.from(await collect(inflater.inflate(fromBytes(bytes)).stream, { maxBytes: 100 })).toString(),
  )
  expect(await Promise.all(texts)).toEqual(['large', 'large', 'large'])
  const held = Promise.withResolvers<void>()
  async function* silent(): ByteStream {
    yield bytes.subarray(0, -1)
    held.resolve()
    await new Promise(() => {})
  }
  const stopping = Promise.allSettled([collect(inflater.inflate(silent()).stream, { maxBytes: 100 })])
  await held.promise
  const waiting = createInflater({ workers: 1 })
  const next = collect(waiting.inflate(fromBytes(bytes)).stream, { maxBytes: 100 })
  await inflater[Symbol.asyncDispose]()
  expect(await stopping).toMatchObject([{ status: 'rejected', reason: { code: 'ERR_WORKER_POOL_CLOSED' } }])
  expect(Buffer.from(await next).toString()).toBe('large')
  await waiting[Symbol.asyncDispose]()
})
