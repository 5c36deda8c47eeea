import { expect, test } from 'vitest'

import { chainId, chainIds } from './chain-id.ts'
import { parseDiffId } from './digest.ts'
import { digestOf } from './hasher.ts'

const a = parseDiffId(digestOf('a'))
const b = parseDiffId(digestOf('b'))
const c = parseDiffId(digestOf('c'))

test('chainId() of the lowest layer is its DiffID', () => {
  expect(chainId(a)).toBe(a)
})

test('chainId() hashes the parent, a blank and the DiffID', () => {
  expect(chainId(b, chainId(a))).toBe(digestOf(`${a} ${b}`))
})

test('chainIds() follows a stack from bottom to top', () => {
  const [first, second, third] = chainIds([a, b, c])
  expect(first).toBe(a)
  expect(second).toBe(digestOf(`${a} ${b}`))
  expect(third).toBe(digestOf(`${second} ${c}`))
  expect(chainIds([])).toEqual([])
})
