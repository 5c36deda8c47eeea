import { describe, expect, it } from 'vitest'

import { parseNextLink } from './link-header.ts'

describe('parseNextLink()', () => {
  it.each([
    ['</v2/a/tags/list?n=1&last=x>; rel="next"', '/v2/a/tags/list?n=1&last=x'],
    ['</v2/a>; rel=next', '/v2/a'],
    ['</a,b>; title="x, <y>; rel=next"; rel="prev", </c>; REL="first NEXT"', '/c'],
    ['</a>; rel="prev"', undefined],
    ['</a>; title="rel=next"', undefined],
    ['</a', undefined],
    ['</a>; x="\\"', undefined],
    ['', undefined],
  ])('reads %s', (text, wanted) => {
    expect(parseNextLink(text)).toBe(wanted)
  })

  it('S72 reads floods in bounds', () => {
    for (const flood of ['<'.repeat(100_000), '<>'.repeat(100_000), '<>;"'.repeat(50_000), '<>,'.repeat(50_000)]) {
      expect(parseNextLink(flood)).toBeUndefined()
    }
  })
})
