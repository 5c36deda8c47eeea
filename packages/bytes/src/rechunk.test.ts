import fc from 'fast-check'
import { expect, test } from 'vitest'

import { concat } from './concat.ts'
import { rechunk } from './rechunk.ts'
import { chunk, drain, tracked } from './test/tracked.ts'

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
