import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import { AmbiguousDigestError, lookUpDigest } from './index.ts'

const [first, second, third] = [
  parseDigest(`sha256:${'1'.repeat(64)}`),
  parseDigest(`sha256:${'1'.repeat(63)}2`),
  parseDigest(`sha512:3${'0'.repeat(127)}`),
] as const
const SET = [first, second, third]

test('lookUpDigest() finds by hex prefix, by algorithm and prefix, and by the whole digest', () => {
  expect(lookUpDigest(SET, '3')).toBe(third)
  expect(lookUpDigest(SET, 'sha512:30')).toBe(third)
  expect(lookUpDigest(SET, first)).toBe(first)
  expect(lookUpDigest(SET, '1'.repeat(64))).toBe(first)
})

test('lookUpDigest() returns undefined when nothing matches', () => {
  for (const prefix of ['', '4', 'sha256:3', 'sha256:', 'sha512', ':', `${first}0`, '../']) {
    expect(lookUpDigest(SET, prefix)).toBeUndefined()
  }
  expect(lookUpDigest([], '1')).toBeUndefined()
})

test('lookUpDigest() refuses a prefix of more than one digest', () => {
  for (const prefix of ['1', '1'.repeat(63), 'sha256:1']) {
    expect(() => lookUpDigest(SET, prefix)).toThrow(AmbiguousDigestError)
  }
  expect(() => lookUpDigest(SET, '11')).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_AMBIGUOUS', candidates: [first, second] }),
  )
  expect(() => lookUpDigest(SET, '11')).toThrow('Cannot look up digest "11": both ')
})

test('lookUpDigest() counts a repeated digest once', () => {
  expect(lookUpDigest([third, third], '3')).toBe(third)
})
