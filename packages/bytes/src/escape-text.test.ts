import { describe, expect, it } from 'vitest'

import { escapeJson, escapeText, quote } from './escape-text.ts'

/** One of each kind: C0, DEL, C1, Arabic letter mark, zero-width, bidirectional, deprecated format, separators, tags. */
const INVISIBLE = [
  '\u0000', '\u001b', '\u007f', '\u009b', '\u00ad', '\u061c', '\u200b', '\u200f', '\u2028', '\u2029', '\u202e', '\u2066',
  '\u206a', '\u206f', '\ufeff', '\ue000', '\u{e0041}', '\ud800',
] // prettier-ignore

describe('escapeText()', () => {
  it.each(INVISIBLE)('shows the invisible character %j as its code point', (char) => {
    expect(escapeText(`a${char}b`)).toBe(`a\\u{${char.codePointAt(0)?.toString(16)}}b`)
  })

  it('leaves what can be seen as it is', () => {
    expect(escapeText('Größe "x" \\ 日本 😀')).toBe('Größe "x" \\ 日本 😀')
  })

  it('cuts long text', () => {
    expect(escapeText('x'.repeat(1_000_000))).toBe(`${'x'.repeat(256)}…`)
    expect(escapeText('abc', 2)).toBe('ab…')
  })
})

describe('quote()', () => {
  it.each(INVISIBLE)('writes %j so that it cannot be acted on and parses back', (char) => {
    const quoted = quote(`a${char}"`)
    expect(quoted).toMatch(/^"[\u0020-\u007e]*"$/)
    expect(JSON.parse(quoted)).toBe(`a${char}"`)
  })

  it('cuts long text inside the quotes', () => {
    expect(quote('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(256)}…"`)
    expect(quote('abc', 2)).toBe('"ab…"')
  })
})

describe('escapeJson()', () => {
  it('escapes strings and keys, keeps its own line breaks, and parses to the same value', () => {
    const value = { 'a\u202e': ['\u001b[2J', '\u{e0041}', 1, null] }
    const text = escapeJson(value, 2)
    expect(text).toMatch(/^[\u0020-\u007e\n]*$/)
    expect(text.split('\n')).toHaveLength(8)
    expect(JSON.parse(text)).toEqual(value)
  })

  it('writes null for what JSON has no word for', () => {
    expect(escapeJson(undefined)).toBe('null')
  })
})
