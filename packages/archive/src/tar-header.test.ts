import { expect, test } from 'vitest'

import { tarHeader, tarPadding } from './tar-header.ts'

test.each([
  ['short.tar', 512],
  [`${'a'.repeat(64)}.tar`, 512],
  [`${'a'.repeat(128)}.tar`, 1536],
])('tarHeader() of %s takes %i bytes for any size', async (name, length) => {
  for (const size of [0, 1, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 10 ** 13]) {
    expect((await tarHeader({ name }, size)).byteLength).toBe(length)
  }
})

test('tarHeader() of a link takes the same bytes for any name of one length, also in extended headers', async () => {
  for (const digit of '0123456789abcdef') {
    expect((await tarHeader({ name: 'a/layer.tar', linkTo: digit.repeat(64) }, 0)).byteLength).toBe(512)
    const long = { name: `${digit.repeat(128)}/json`, linkTo: `../${digit.repeat(128)}.tar` }
    expect((await tarHeader(long, 0)).byteLength).toBe(1536)
  }
})

test('tarPadding() fills the last sector', () => {
  expect([0, 1, 511, 512, 513, 10 ** 13 + 1].map(tarPadding)).toEqual([0, 511, 1, 0, 511, 511])
})
