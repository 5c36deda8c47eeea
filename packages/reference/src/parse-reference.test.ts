import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import {
  familiarReference,
  formatReference,
  isReferenceError,
  MAX_NAME_LENGTH,
  parseReference,
  ReferenceSyntaxError,
  tryParseReference,
} from './index.ts'

function readFixture(name: string): string[][] {
  const text = readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
  const unescape = (field: string): string =>
    field.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => line.split('\t').map(unescape))
}

function failureOf(text: string): ReferenceSyntaxError {
  const result = tryParseReference(text)
  if (result.ok) throw new Error(`${JSON.stringify(text)} was accepted`)
  return result.error
}

describe('fixtures/valid.txt', () => {
  test.each(readFixture('valid.txt'))('parseReference() accepts %j', (input = '', full, familiar) => {
    const reference = parseReference(input)
    expect(formatReference(reference)).toBe(full)
    expect(familiarReference(reference)).toBe(familiar)
  })
})

describe('fixtures/invalid.txt', () => {
  test.each(readFixture('invalid.txt'))('parseReference() rejects %j', (input = '', reason, part, offset) => {
    expect(() => parseReference(input)).toThrow(ReferenceSyntaxError)
    const error = failureOf(input)
    expect({ reason: error.reason, part: error.part, offset: error.offset }).toEqual({
      reason,
      part,
      offset: Number(offset),
    })
    expect(error.message).toContain(`: found `)
    expect(isReferenceError(error)).toBe(true)
  })
})

test('parseReference() names the failing part, what it found and what it expects', () => {
  expect(failureOf('ghcr.io/org/app:1$').message).toBe(
    'Cannot parse tag of "ghcr.io/org/app:1$": found "$" at offset 17, expected a letter, a digit, "_", "." or "-"',
  )
})

test('parseReference() shows at most 256 characters of hostile text, escaped', () => {
  const { message } = failureOf(`\u001b]0;owned\u0007\r\n${'x'.repeat(1_000_000)}`)
  expect(message.length).toBeLessThan(500)
  // oxlint-disable-next-line no-control-regex
  expect(message).not.toMatch(/[\u0000-\u001f]/)
})

test('parseReference() refuses a name of 64 hex digits, the form of image IDs', () => {
  expect(() => parseReference('f'.repeat(64))).toThrow('expected a name that does not look like an image ID')
})

test('parseReference() compares hosts whole', () => {
  expect(parseReference('evildocker.io/alpine').domain).toBe('evildocker.io')
  expect(parseReference('index.docker.io.evil.com/alpine').domain).toBe('index.docker.io.evil.com')
  expect(parseReference('index.docker.io/alpine').domain).toBe('docker.io')
})

test('parseReference() accepts no text that would change a request', () => {
  const hostile = [
    '\r\n',
    '\n',
    '\r',
    '%0d%0a',
    '%2f',
    '?',
    '#',
    '/../',
    '/./',
    '\\',
    ' ',
    '\t',
    '\0',
    '&',
    ';',
    '\u2028',
  ]
  for (const text of hostile) {
    for (const input of [
      `alpine${text}x`,
      `a.b/c${text}`,
      `a.b${text}/c`,
      `a:t${text}`,
      `${text}a`,
      `host:5${text}/a`,
    ]) {
      if (tryParseReference(input).ok) expect.unreachable(JSON.stringify(input))
    }
  }
})

test('parseReference() refuses a domain with an underscore rather than making it part of a path without a domain', () => {
  expect(failureOf('foo_bar.com/x').part).toBe('domain')
})

test('familiarReference() keeps what its short form would lose', () => {
  expect(familiarReference({ domain: 'docker.io', path: 'localhost/x' })).toBe('docker.io/localhost/x')
  expect(familiarReference({ domain: 'docker.io', path: 'a.b/x' })).toBe('docker.io/a.b/x')
  expect(familiarReference({ domain: 'docker.io', path: `library/${'a'.repeat(64)}` })).toBe(
    `library/${'a'.repeat(64)}`,
  )
})

test(`parseReference() takes names of up to ${MAX_NAME_LENGTH} characters`, () => {
  expect(MAX_NAME_LENGTH).toBe(255)
  expect(tryParseReference(`a.b/${'n'.repeat(251)}`).ok).toBe(true)
  expect(tryParseReference(`a.b/${'n'.repeat(252)}`).ok).toBe(false)
})
