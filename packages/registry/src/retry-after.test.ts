import { describe, expect, it } from 'vitest'

import { parseRetryAfter } from './retry-after.ts'

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
  ])('F10 S74 reads %s', (text, wanted) => {
    expect(parseRetryAfter({ 'retry-after': text }, NOW)).toBe(wanted)
  })

  it('F21 compares a date with the clock of the answer', () => {
    const headers = { 'retry-after': 'Fri, 02 Jan 2026 00:00:10 GMT', date: 'Fri, 02 Jan 2026 00:00:00 GMT' }
    expect(parseRetryAfter(headers, NOW)).toBe(10_000)
  })
})
