import { expect, test } from 'vitest'

import { createLruMap } from './index.ts'

test('createLruMap() drops the least recently used entry once there are too many', () => {
  const map = createLruMap<string, number>({ maxEntries: 2 })
  map.set('a', 1)
  map.set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2])
  map.set('a', 4)
  map.set('d', 5)
  expect([map.get('a'), map.get('c'), map.get('d')]).toEqual([4, undefined, 5])
})

test('createLruMap() keeps within a weight and never keeps what is too heavy alone', () => {
  const map = createLruMap<string, string>({ maxWeight: 10, weightOf: (value) => value.length })
  map.set('a', '12345')
  map.set('b', '12345')
  map.set('c', '1')
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, '12345', '1'])
  map.set('b', '123456789')
  expect([map.get('b'), map.get('c'), map.size]).toEqual(['123456789', '1', 2])
  map.set('d', '12345678901')
  expect(map.size).toBe(0)
})

test('createLruMap() gives the value that was deleted', () => {
  const map = createLruMap<number, undefined>({})
  map.set(1, undefined)
  expect(map.size).toBe(1)
  map.delete(1)
  expect([map.size, map.delete(1)]).toEqual([0, undefined])
})
