import { expect, test } from 'vitest'

import { LineQueue, MAX_WAITING_LINES } from './line-queue.ts'

const update = (id: string, current: number) => ({ id, status: 'Downloading', progressDetail: { current, total: 9 } })

test('LineQueue keeps only the latest byte count of each layer until it is read', async () => {
  const queue = new LineQueue()
  queue.push(update('a', 1))
  queue.push(update('b', 1))
  queue.push(update('a', 2))
  queue.push({ id: 'a', status: 'Pull complete', progressDetail: {} })
  queue.push(update('a', 3))
  expect(queue.take()).toEqual([
    update('a', 2),
    update('b', 1),
    { id: 'a', status: 'Pull complete', progressDetail: {} },
    update('a', 3),
  ])
})

test('LineQueue drops the oldest lines above the limit', () => {
  const queue = new LineQueue()
  for (let at = 0; at <= MAX_WAITING_LINES; at++) queue.push({ status: String(at) })
  const lines = queue.take()
  expect(lines).toHaveLength(MAX_WAITING_LINES)
  expect(lines[0]).toEqual({ status: '1' })
})

test('LineQueue wakes its reader at a line and at the end', async () => {
  const queue = new LineQueue()
  const some = queue.some()
  queue.push({ status: 'x' })
  expect(await some).toBe(true)
  queue.take()
  const none = queue.some()
  queue.end()
  expect(await none).toBe(false)
})
