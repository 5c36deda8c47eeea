import { expect, test } from 'vitest'

import { tarHeader, tarPadding } from './tar-header.ts'

test.each([
  ['short.tar', 512],
  [`${'a'.repeat(64)}.tar`, 512],
  [`${'a'.repeat(128)}.tar`, 1536],
])('tarHeader() of %s takes %i bytes for any size', async (name, length) => {
  for (const size of [0, 1, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 10 ** 13]) {
    expect((await tarHeader(name, size)).byteLength).toBe(length)
  }
})

test('tarPadding() fills the last sector', () => {
  expect([0, 1, 511, 512, 513, 10 ** 13 + 1].map(tarPadding)).toEqual([0, 511, 1, 0, 511, 511])
})
