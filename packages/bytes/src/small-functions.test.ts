import { expect, test } from 'vitest'

import { concat } from './concat.ts'
import { equalBytes } from './equal-bytes.ts'
import { freeBuffer } from './free-buffer.ts'
import { fromBytes } from './from-bytes.ts'
import { observe } from './observe.ts'
import { skip } from './skip.ts'
import { chunk, drain, tracked } from './test/tracked.ts'
import { decodeText, encodeText } from './text.ts'

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

test('freeBuffer() empties a buffer with its last array, and leaves one alone that goes on', () => {
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

test('decodeText() gives back what encodeText() took, byte order marks included', () => {
  const text = '\u{feff}dray \u{1f69a}'
  expect(decodeText(encodeText(text))).toBe(text)
})

test('decodeText() refuses bytes that are not UTF-8', () => {
  expect(() => decodeText(chunk(0xc3))).toThrow(TypeError)
})
