import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseContentRange } from './content-range.ts'

describe('parseContentRange()', () => {
  it('P34 reads what it means', () => {
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
  ])('F07 refuses %s', (text) => {
    expect(parseContentRange(text)).toBeUndefined()
  })
})
