import { expect, test } from 'vitest'

import { createSlots } from './index.ts'

/** Lets every promise that is ready run its continuations. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('acquire() hands slots out first come, first served', async () => {
  const slots = createSlots(1)
  const order: string[] = []
  const release = await slots.acquire()
  const waiters = ['a', 'b', 'c'].map(async (name) => {
    const done = await slots.acquire()
    order.push(name)
    done()
  })
  expect(slots).toMatchObject({ limit: 1, held: 1, waiting: 3, full: true })
  release()
  await Promise.all(waiters)
  expect(order).toEqual(['a', 'b', 'c'])
  expect(slots).toMatchObject({ held: 0, waiting: 0, full: false })
})

test('acquire() goes straight to the oldest waiter when a slot is released', async () => {
  const slots = createSlots(1)
  const release = await slots.acquire()
  const oldest = slots.acquire()
  release()
  const newcomer = slots.acquire()
  expect(slots).toMatchObject({ held: 1, waiting: 1 })
  const releaseOldest = await oldest
  releaseOldest()
  const releaseNewcomer = await newcomer
  releaseNewcomer()
})

test('acquire() gives a release function whose extra calls do nothing', async () => {
  const slots = createSlots(1)
  const release = await slots.acquire()
  release()
  await slots.acquire()
  release()
  expect(slots.held).toBe(1)
})

test('a cancelled waiter leaves the queue at once', async () => {
  const slots = createSlots(1)
  const release = await slots.acquire()
  const controller = new AbortController()
  const reason = new Error('gone')
  const cancelled = slots.acquire({ signal: controller.signal })
  const next = slots.acquire()
  controller.abort(reason)
  expect(slots.waiting).toBe(1)
  await expect(cancelled).rejects.toBe(reason)
  release()
  const releaseNext = await next
  releaseNext()
})

test('acquire() rejects with the reason of a signal that has fired before', async () => {
  const slots = createSlots(1)
  const reason = new Error('gone')
  await expect(slots.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(slots.held).toBe(0)
})

test('raising the limit wakes waiters, lowering it lets holders finish', async () => {
  const slots = createSlots(1)
  const releases: (() => void)[] = []
  for (let index = 0; index < 5; index++) void slots.acquire().then((release) => releases.push(release))
  await settle()
  expect(slots).toMatchObject({ held: 1, waiting: 4 })
  slots.setLimit(3)
  await settle()
  expect(slots).toMatchObject({ held: 3, waiting: 2 })
  slots.setLimit(1)
  for (const held of [2, 1, 1]) {
    releases.shift()?.()
    await settle()
    expect(slots.held).toBe(held)
  }
  slots.setLimit(0)
  await settle()
  expect(slots).toMatchObject({ held: 2, waiting: 0, full: false })
})

test('createSlots() takes 0 for no limit', async () => {
  const slots = createSlots(0)
  await Promise.all(Array.from({ length: 100 }, () => slots.acquire()))
  expect(slots).toMatchObject({ held: 100, waiting: 0, full: false })
})

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('createSlots() and setLimit() reject %j', (limit) => {
  expect(() => createSlots(limit)).toThrow(RangeError)
  expect(() => createSlots(1).setLimit(limit)).toThrow(RangeError)
})
