import { expect, test } from 'vitest'

import { createKeyedLock } from './keyed-lock.ts'

test('createKeyedLock() lets the holders of a key in one by one, in their order', async () => {
  const lock = createKeyedLock()
  const order: number[] = []
  let holders = 0
  await Promise.all(
    [1, 2, 3, 4].map(async (number) => {
      const release = await lock.acquire('key')
      expect((holders += 1)).toBe(1)
      order.push(number)
      await Promise.resolve()
      holders -= 1
      release()
      release()
    }),
  )
  expect(order).toEqual([1, 2, 3, 4])
  ;(await lock.acquire('key'))()
})

test('createKeyedLock() forgets an aborted wait, and a release counts for one holder only', async () => {
  const lock = createKeyedLock()
  const reason = new Error('enough')
  const controller = new AbortController()
  const first = await lock.acquire('key')
  const second = lock.acquire('key', { signal: controller.signal })
  const third = lock.acquire('key')
  controller.abort(reason)
  await expect(second).rejects.toBe(reason)
  await expect(lock.acquire('free', { signal: controller.signal })).rejects.toBe(reason)
  first()
  const release = await third
  first()
  let isHeld = false
  const fourth = lock.acquire('key').then((next) => {
    isHeld = true
    return next
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isHeld).toBe(false)
  release()
  ;(await fourth)()
})
