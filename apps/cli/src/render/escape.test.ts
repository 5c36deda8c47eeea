import { expect, test } from 'vitest'

import { escapeForTerminal, terminalJson } from './escape.ts'

test.each([
  ['plain text ✓ 漢字', 'plain text ✓ 漢字'],
  ['\u001B[2J', String.raw`\u{1b}[2J`],
  ['a\rb\nc', String.raw`a\u{d}b\u{a}c`],
  ['\u009B31m', String.raw`\u{9b}31m`],
  ['\u202Eabc\u2066', String.raw`\u{202e}abc\u{2066}`],
  ['\u200B\uFEFF\u00AD', String.raw`\u{200b}\u{feff}\u{ad}`],
  ['\u{E0041}\uD800', String.raw`\u{e0041}\u{d800}`],
])('escapeForTerminal() makes %j safe', (text, safe) => {
  expect(escapeForTerminal(text)).toBe(safe)
})

test('escapeForTerminal() cuts at 1 KiB, or where it is told to', () => {
  expect(escapeForTerminal('x'.repeat(5000))).toBe(`${'x'.repeat(1024)}…`)
  expect(escapeForTerminal('x'.repeat(5000), Number.POSITIVE_INFINITY)).toHaveLength(5000)
})

test('terminalJson() means the same as the value and steers no terminal', () => {
  const value = { text: 'a\u001B[2J\u009B\u202E\u{E0041}\uFEFF', list: [1, null] }
  for (const indent of [undefined, 2]) {
    const json = terminalJson(value, indent)
    expect(JSON.parse(json)).toEqual(value)
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  }
  expect(terminalJson(undefined)).toBe('null')
})
