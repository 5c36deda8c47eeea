import { describe, expect, it } from 'vitest'

import { parseNextLink } from './link-header.ts'

const PAGE = new URL('https://registry.example/v2/a/tags/list')

describe('parseNextLink()', () => {
  it.each([
    ['</v2/a/tags/list?n=1&last=x>; rel="next"', '/v2/a/tags/list?n=1&last=x'],
    ['</v2/a>; rel=next', '/v2/a'],
    ["</v2/a>;rel='next'", '/v2/a'],
    ['</v2/a> ; REL = "prev\tNEXT"', '/v2/a'],
    ['</v2/a>; rel="next', '/v2/a'],
    ['</a,b>; title="x, <y>; rel=next"; rel="prev", </c>; REL="first NEXT"', '/c'],
    ['</first>; rel="first",</prev>; rel=prev,</c>; rel=next,</last>; rel=last', '/c'],
    ['</a>; rel="prev"', undefined],
    ['</style.css>; rel=preload; as=style', undefined],
    ['</a>; title="rel=next"', undefined],
    ['</a>; x="\\"', undefined],
    ['<https://docs.example/>', undefined],
    ['', undefined],
  ])('reads %s', (text, wanted) => {
    expect(parseNextLink(text, PAGE)).toBe(wanted)
  })

  it.each([
    ['no brackets', '/v2/a/tags/list?last=1; rel="next"', '/v2/a/tags/list?last=1'],
    ['no brackets, an absolute URL', 'https://r.example/v2/a?last=1;rel=next', 'https://r.example/v2/a?last=1'],
    ['no brackets, a comma in the query', '/v2/a/tags/list?n=1,last=1; rel=next', '/v2/a/tags/list?n=1,last=1'],
    ['no brackets, several links', '/v2/first; rel=first, /v2/next; rel=next', '/v2/next'],
    ['one bracket', '</v2/a/tags/list?last=1; rel="next"', '/v2/a/tags/list?last=1'],
    ['no relation', '</v2/a/tags/list?last=1>', '/v2/a/tags/list?last=1'],
    ['an empty relation', '</v2/a/tags/list?last=1>; rel=""', '/v2/a/tags/list?last=1'],
    ['nothing but a URL', '/v2/a/tags/list?last=1', '/v2/a/tags/list?last=1'],
    ['nothing but a query', '<?last=1>', '?last=1'],
  ])('reads a link with %s', (_, text, wanted) => {
    expect(parseNextLink(text, PAGE)).toBe(wanted)
  })

  it.each([
    ['prose', 'more at page 2'],
    ['JSON', '{"next":"/v2/a/tags/list?last=1"}'],
    ['a parameter alone', '; rel="next"'],
    ['an empty target', '<>; rel="next"'],
    ['too much', `</v2/a/tags/list?last=${'x'.repeat(70_000)}>; rel="next"`],
  ])('says that it cannot read %s', (_, text) => {
    expect(parseNextLink(text, PAGE)).toBe('')
  })

  it('stays linear for hostile headers', () => {
    for (const flood of ['<', '<,', ', <', '<>', '<>;"', '<>,', ',', 'a,', ';', 'rel=;', '"']) {
      expect(parseNextLink(flood.repeat(Math.floor(65_000 / flood.length)), PAGE) ?? '').toBe('')
    }
  })
})
