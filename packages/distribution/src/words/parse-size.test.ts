import { expect, test } from 'vitest'

import { parseSize } from './parse-size.ts'

test.each([
  ['0', 0],
  ['1500', 1500],
  ['20GB', 20e9],
  ['20 gb', 20e9],
  ['1.5g', 1.5e9],
  ['512MiB', 512 * 1024 * 1024],
  ['1kB', 1000],
  ['1b', 1],
  ['2TiB', 2 * 1024 ** 4],
])('parseSize() reads %j', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', 'GB', '-1', '1e3', '1PB', '1 G B', '1,5g', '20%', 'iB', '1.', '1'.repeat(16)])(
  'parseSize() refuses %j',
  (text) => {
    expect(parseSize(text)).toBeUndefined()
  },
)
