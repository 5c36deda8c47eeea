import fc from 'fast-check'
import { expect, test } from 'vitest'

import { compileGlob } from './match-reference.ts'
import { matchReference, parseReference } from './index.ts'

test.each([
  ['alpine', 'alpine:3', true],
  ['alpine:3', 'docker.io/library/alpine:3', true],
  ['alpine:*', 'alpine:3', true],
  ['alpine:*', 'alpine', false],
  ['al*', 'alpine:3', true],
  ['*', 'alpine:3', true],
  ['*', 'org/app:3', false],
  ['*/*', 'org/app:3', true],
  ['org/*:3', 'org/app:3', true],
  ['ghcr.io/*/app', 'ghcr.io/org/app', true],
  ['ghcr.io/*', 'ghcr.io/org/app', false],
  ['*.io/*/*:[0-9]', 'ghcr.io/org/app:3', true],
  ['alpin?', 'alpine:3', true],
  ['library/alpine', 'alpine', false],
  ['docker.io/library/alpine', 'alpine', true],
  ['docker.io/library/alpine', 'alpine:3', true],
  ['docker.io/library/alpine:3', 'alpine:3', true],
  ['docker.io/library/alpine:4', 'alpine:3', false],
  ['docker.io/library/alpine:latest', 'alpine', true],
  ['docker.io/library/*:*', 'alpine:3', true],
  ['docker.io/org/app', 'org/app:3', true],
  ['docker.io/org/app:*', 'org/app:3', true],
  ['docker.io/*', 'org/app:3', false],
  ['*/*/*', 'alpine:3', true],
  ['*/*/*', 'ghcr.io/app:3', false],
  [`docker.io/library/alpine@*`, `alpine@sha256:${'0'.repeat(64)}`, true],
  [`docker.io/library/alpine:latest`, `alpine@sha256:${'0'.repeat(64)}`, false],
])('matchReference() of %j and %j is %j', (pattern, text, expected) => {
  expect(matchReference(pattern, parseReference(text))).toBe(expected)
})

test.each([
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'abc', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^b-d]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a?b', 'a😀b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'x', true],
  ['[x\\-]', 'z', false],
  ['[\\-x]', 'a', false],
  ['*x', 'xxx', true],
  ['', '', true],
  ['', 'a', false],
  ['**', 'ab', true],
  ['a]', 'a]', true],
  ['[z-a]', 'b', false],
  ['a[/]b', 'a/b', true],
  ['a[^x]b', 'a/b', true],
])('compileGlob() of %j matches %j: %j', (pattern, text, expected) => {
  expect(compileGlob(pattern)(text)).toBe(expected)
})

test.each([
  '[]a]',
  '[-]',
  '[x-]',
  '[-x]',
  '\\',
  '[a-b-c]',
  '[',
  '[^',
  '[^bc',
  'a[',
  'a[]',
  '[]',
  '[^]',
  '*[',
  'zzz[a-',
])('matchReference() rejects %j whatever the reference', (pattern) => {
  const expected = expect.objectContaining({ code: 'ERR_PATTERN_SYNTAX', reason: 'syntax error in pattern' })
  expect(() => matchReference(pattern, parseReference('alpine'))).toThrow(expected)
})

test('PatternSyntaxError names the offset', () => {
  expect(() => compileGlob('ab[x-]')).toThrow(
    'Cannot parse pattern "ab[x-]": found "]" at offset 5, expected a character of the class',
  )
})

test('compileGlob() agrees with a regular expression of the same meaning', () => {
  const piece = fc.constantFrom('*', '?', 'a', 'b', '/', '[ab]', '[^a/]', '\\*')
  const asRegExp: Record<string, string> = { '*': '[^/]*', '?': '[^/]' }
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, input) => {
      const pattern = new RegExp(`^${pieces.map((part) => asRegExp[part] ?? part).join('')}$`)
      expect(compileGlob(pieces.join(''))(input)).toBe(pattern.test(input))
    }),
    { numRuns: 5000 },
  )
})

test('compileGlob() returns soon for patterns that make backtracking explode', () => {
  const matches = compileGlob(`${'*a'.repeat(500)}*b`)
  expect(matches('a'.repeat(2000))).toBe(false)
})
