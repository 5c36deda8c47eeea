import fc from 'fast-check'

import { expect, test } from 'vitest'

import { concat, equalBytes, freeBuffer } from './arrays.ts'
import { fromBytes } from './byte-stream.ts'
import { isBytesError } from './errors.ts'
import { chunk, drain, tracked } from './test/tracked.ts'
import { decodeText, encodeText } from './text.ts'
import { limit, observe, rechunk, skip } from './transforms.ts'

test('limit() passes on exactly maxBytes bytes', async () => {
  expect(await drain(limit(tracked(chunk(1, 2), chunk(3)).source, 3))).toEqual([[1, 2], [3]])
})

test('limit() does not yield the chunk that crosses the limit, and closes the source', async () => {
  const { source, closed } = tracked(chunk(1, 2), chunk(3, 4), chunk(5))
  const seen: number[] = []
  const reading = (async () => {
    for await (const each of limit(source, 3)) seen.push(...each)
  })()
  await expect(reading).rejects.toSatisfy(isBytesError)
  expect(seen).toEqual([1, 2])
  expect(closed()).toBe(true)
})

test('isBytesError() knows errors of other copies of the package and nothing else', () => {
  expect(isBytesError(Object.assign(new Error('twin'), { code: 'ERR_BYTE_LIMIT' }))).toBe(true)
  expect(isBytesError(new Error('other'))).toBe(false)
  expect(isBytesError({ code: 'ERR_BYTE_LIMIT' })).toBe(false)
})

test('rechunk() regroups into chunks of the given size, the last one shorter', async () => {
  const { source } = tracked(chunk(1), chunk(2, 3, 4, 5, 6), chunk(), chunk(7))
  expect(await drain(rechunk(source, 3))).toEqual([[1, 2, 3], [4, 5, 6], [7]])
})

test('rechunk() keeps every byte and every size, for any split', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (given, size) => {
      const result = await drain(rechunk(tracked(...given).source, size))
      expect(result.flat()).toEqual([...concat(given)])
      expect(result.slice(0, -1).every((each) => each.length === size)).toBe(true)
      expect(result.every((each) => each.length > 0)).toBe(true)
    }),
  )
})

test('rechunk() gives arrays that the consumer may keep', async () => {
  const kept: Uint8Array[] = []
  for await (const each of rechunk(tracked(chunk(1, 2), chunk(3, 4)).source, 2)) kept.push(each)
  expect(new Set(kept.map((each) => each.buffer)).size).toBe(2)
  expect(kept).toEqual([chunk(1, 2), chunk(3, 4)])
})

test('rechunk() closes its source when the consumer stops early', async () => {
  const { source, closed } = tracked(chunk(1, 2), chunk(3))
  for await (const each of rechunk(source, 1)) {
    expect([...each]).toEqual([1])
    break
  }
  expect(closed()).toBe(true)
})

test.each([0, -1, 1.5, Number.NaN])('rechunk() refuses chunks of %d bytes', async (size) => {
  await expect(drain(rechunk(tracked().source, size))).rejects.toThrow(RangeError)
})

test('concat() joins chunks into a new array', () => {
  const only = chunk(1)
  expect(concat([chunk(1, 2), chunk(), chunk(3)])).toEqual(chunk(1, 2, 3))
  expect(concat([only])).not.toBe(only)
  expect(concat([])).toEqual(chunk())
})

test('equalBytes() compares length and every byte', () => {
  expect(equalBytes(chunk(1, 2), chunk(1, 2))).toBe(true)
  expect(equalBytes(chunk(1, 2), chunk(1, 3))).toBe(false)
  expect(equalBytes(chunk(1, 2), chunk(1))).toBe(false)
  expect(equalBytes(chunk(), chunk())).toBe(true)
})

test('freeBuffer() empties a buffer with its last array, and leaves one alone that is used past the array', () => {
  const whole = new Uint8Array([1, 2, 3])
  freeBuffer(whole.subarray(0, 2))
  expect(whole).toEqual(chunk(1, 2, 3))
  freeBuffer(whole.subarray(2))
  expect(whole).toHaveLength(0)
  const shared = new Uint8Array(new SharedArrayBuffer(2))
  freeBuffer(shared)
  expect(shared).toHaveLength(2)
})

test('fromBytes() yields its chunks in order, text as UTF-8', async () => {
  expect(await drain(fromBytes(chunk(1), 'é'))).toEqual([[1], [0xc3, 0xa9]])
})

test('observe() reports the running total before each chunk is passed on', async () => {
  const events: string[] = []
  const observed = observe(tracked(chunk(1, 2), chunk(3)).source, (total, each) =>
    events.push(`seen ${total} (+${each.byteLength})`),
  )
  for await (const each of observed) events.push(`got ${each.byteLength}`)
  expect(events).toEqual(['seen 2 (+2)', 'got 2', 'seen 3 (+1)', 'got 1'])
})

test('skip() drops the first bytes, across and within chunks', async () => {
  const source = (): AsyncIterable<Uint8Array> => tracked(chunk(1, 2), chunk(3, 4), chunk(5)).source
  expect(await drain(skip(source(), 0))).toEqual([[1, 2], [3, 4], [5]])
  expect(await drain(skip(source(), 2))).toEqual([[3, 4], [5]])
  expect(await drain(skip(source(), 3))).toEqual([[4], [5]])
  expect(await drain(skip(source(), 9))).toEqual([])
})

test.each([
  ['observe', (source: AsyncIterable<Uint8Array>) => observe(source, () => {})],
  ['skip', (source: AsyncIterable<Uint8Array>) => skip(source, 0)],
])('%s() closes its source when the consumer stops early', async (_name, transform) => {
  const { source, closed } = tracked(chunk(1), chunk(2))
  const reader = transform(source)[Symbol.asyncIterator]()
  await reader.next()
  await reader.return?.()
  expect(closed()).toBe(true)
})

test('observe() closes its source when the consumer stops before it has read', async () => {
  const iterator = tracked(chunk(1)).source[Symbol.asyncIterator]()
  let isClosed = false
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => iterator.next(),
      async return() {
        isClosed = true
        return { done: true, value: undefined }
      },
    }),
  }
  const reader = observe(source, () => {})[Symbol.asyncIterator]()
  await reader.return?.()
  expect(isClosed).toBe(true)
})

test('observe() closes its source when it is not to go on', async () => {
  const { source, closed } = tracked(chunk(1), chunk(2))
  const refuse = (): never => {
    throw new Error('enough')
  }
  await expect(drain(observe(source, refuse))).rejects.toThrow('enough')
  expect(closed()).toBe(true)
})

test('decodeText() gives back what encodeText() took, byte order marks included', () => {
  const text = '\u{feff}dray \u{1f69a}'
  expect(decodeText(encodeText(text))).toBe(text)
})

test('decodeText() refuses bytes that are not UTF-8', () => {
  expect(() => decodeText(chunk(0xc3))).toThrow(TypeError)
})
