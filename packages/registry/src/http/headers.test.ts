import { digestOf } from '@drayage/digest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { otherDigest, parseContentRange, parseRetryAfter } from './headers.ts'

describe('parseContentRange()', () => {
  it('reads every range that can be written', () => {
    const numbers = fc.tuple(fc.nat(), fc.nat(), fc.nat())
    fc.assert(
      fc.property(numbers, ([first, more, rest]) => {
        const last = first + more
        const total = last + 1 + rest
        expect(parseContentRange(`bytes ${first}-${last}/${total}`)).toEqual({ first, last, total })
        expect(parseContentRange(`bytes ${first}-${last}/*`)).toEqual({ first, last, total: undefined })
      }),
    )
  })

  it.each([
    '',
    'bytes 0-1',
    'bytes 2-1/5',
    'bytes 0-5/5',
    'bytes */5',
    'bytes -1-2/5',
    'items 0-1/5',
    'bytes 0-99999999999999999999/*',
    'bytes 0x0-1/5',
  ])('refuses %s', (text) => {
    expect(parseContentRange(text)).toBeUndefined()
  })
})

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('parseRetryAfter()', () => {
  it.each([
    ['5', 5_000],
    ['0', 0],
    ['1000000000', 120_000],
    [`${'9'.repeat(400)}`, 120_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2099 00:00:00 GMT', 120_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('reads %s', (text, wanted) => {
    expect(parseRetryAfter({ 'retry-after': text }, NOW)).toBe(wanted)
  })

  it('compares a date with the clock of the answer', () => {
    const headers = { 'retry-after': 'Fri, 02 Jan 2026 00:00:10 GMT', date: 'Fri, 02 Jan 2026 00:00:00 GMT' }
    expect(parseRetryAfter(headers, NOW)).toBe(10_000)
  })
})

describe('otherDigest()', () => {
  const own = digestOf('a')

  it.each([
    [digestOf('b'), digestOf('b')],
    [` ${digestOf('b')} `, digestOf('b')],
    [own, undefined],
    [digestOf('b', 'sha512'), undefined],
    ['sha256:short', undefined],
    ['', undefined],
  ])('of %j is %j', (named, wanted) => {
    expect(otherDigest({ 'docker-content-digest': named }, own)).toBe(wanted)
    expect(otherDigest({}, own)).toBeUndefined()
  })
})
