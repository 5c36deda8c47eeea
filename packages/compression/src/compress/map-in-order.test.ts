import { expect, test } from 'vitest'

import { mapInOrder } from './map-in-order.ts'

async function* numbers(count: number): AsyncGenerator<number, void, void> {
  for (let number = 0; number < count; number++) yield number
}

test('mapInOrder() works on as many as it may at a time and yields in order', async () => {
  let running = 0
  let most = 0
  const work = async (number: number): Promise<number> => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, number % 3))
    running -= 1
    return number
  }
  expect(await Array.fromAsync(mapInOrder(numbers(20), 3, work))).toEqual(await Array.fromAsync(numbers(20)))
  expect(most).toBe(3)
})

test('mapInOrder() has stopped when it fails, and when its consumer stops', async () => {
  let running = 0
  const work = async (number: number): Promise<number> => {
    running += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
    running -= 1
    if (number === 4) throw new Error('four')
    return number
  }
  await expect(Array.fromAsync(mapInOrder(numbers(20), 4, work))).rejects.toThrow('four')
  expect(running).toBe(0)
  for await (const number of mapInOrder(numbers(20), 4, work)) if (number === 2) break
  expect(running).toBe(0)
})
