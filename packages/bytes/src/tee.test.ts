import { expect, test } from 'vitest'

import { tee } from './tee.ts'
import { chunk, drain, tracked } from './test/tracked.ts'

/** Lets everything run that needs no further events. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

test('tee() gives both readers every chunk and reads the source once', async () => {
  const { source, pulls } = tracked(chunk(1), chunk(2), chunk(3))
  const [a, b] = tee(source)
  expect(await Promise.all([drain(a), drain(b)])).toEqual([
    [[1], [2], [3]],
    [[1], [2], [3]],
  ])
  expect(pulls()).toBe(4)
})

test('tee() lets the faster reader wait for the slower one', async () => {
  const { source, pulls } = tracked(chunk(1), chunk(2), chunk(3))
  const [a, b] = tee(source)
  const fast = drain(a)
  await settle()
  expect(pulls()).toBe(1)
  const slow = b[Symbol.asyncIterator]()
  expect(await slow.next()).toEqual({ done: false, value: chunk(1) })
  await settle()
  expect(pulls()).toBe(2)
  expect(await slow.next()).toEqual({ done: false, value: chunk(2) })
  expect(await slow.next()).toEqual({ done: false, value: chunk(3) })
  expect(await slow.next()).toEqual({ done: true, value: undefined })
  expect(await fast).toEqual([[1], [2], [3]])
})

test('tee() lets one reader continue when the other stops early', async () => {
  const { source, closed } = tracked(chunk(1), chunk(2), chunk(3))
  const [a, b] = tee(source)
  const first = a[Symbol.asyncIterator]()
  const all = drain(b)
  await first.next()
  await first.return?.()
  expect(await all).toEqual([[1], [2], [3]])
  expect(closed()).toBe(false)
})

test('tee() closes the source when both readers stop early', async () => {
  const { source, closed } = tracked(chunk(1), chunk(2))
  const readers = tee(source).map((each) => each[Symbol.asyncIterator]())
  await Promise.all(readers.map((reader) => reader.next()))
  for (const reader of readers) await reader.return?.()
  expect(closed()).toBe(true)
})

test('tee() gives the error of the source to both readers', async () => {
  const error = new Error('broken')
  const [a, b] = tee(tracked(chunk(1), error).source)
  const outcomes = await Promise.allSettled([drain(a), drain(b)])
  expect(outcomes).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ])
})

test('tee() gives the error of the source to a reader that comes later', async () => {
  const error = new Error('broken')
  const [a, b] = tee(tracked(error).source)
  await expect(drain(a)).rejects.toBe(error)
  await expect(drain(b)).rejects.toBe(error)
})
