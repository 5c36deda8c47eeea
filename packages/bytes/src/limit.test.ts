import { expect, test } from 'vitest'

import { isBytesError } from './errors.ts'
import { limit } from './limit.ts'
import { chunk, drain, tracked } from './test/tracked.ts'

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
