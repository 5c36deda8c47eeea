import { describe, expect, it } from 'vitest'

import { quote } from './quote.ts'

describe('quote()', () => {
  it('S71 shows control, hidden and reordering characters as escapes', () => {
    expect(quote('a\u001b]0;x\u0007\r\n\u009b2J\u202e\u2028\u200b\ufeff\ud800"')).toBe(
      '"a\\u001b]0;x\\u0007\\r\\n\\u009b2J\\u202e\\u2028\\u200b\\ufeff\\ud800\\""',
    )
  })

  it('S71 cuts long text', () => {
    expect(quote('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(256)}…"`)
    expect(quote('abc', 2)).toBe('"ab…"')
  })
})
