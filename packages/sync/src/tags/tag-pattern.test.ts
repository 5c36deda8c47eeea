import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { compileTagPattern } from './tag-pattern.ts'

test.each([
  ['', '', true],
  ['', 'a', false],
  ['1.2', '1.2', true],
  ['1.2', '1x2', true],
  ['1\\.2', '1x2', false],
  ['v?\\d+\\.\\d+', 'v1.20', true],
  ['v?\\d+\\.\\d+', 'v1.20-rc', false],
  ['.*-alpine', '3.20-alpine', true],
  ['(a|b|)c', 'c', true],
  ['(?:ab){2,3}', 'abab', true],
  ['(ab){2,3}', 'abababab', false],
  ['a{2}', 'aaa', false],
  ['a{2,}', 'aaaaa', true],
  ['a{0}b', 'b', true],
  ['[a-c_.-]+', 'a-b_c.', true],
  ['[^a-c]', 'd', true],
  ['[^a-c]', 'b', false],
  ['[]a]+', ']a]', true],
  ['[\\d.]+', '1.2', true],
  ['[a-]+', 'a-', true],
  ['\\W\\D', '.a', true],
  ['^latest$', 'latest', true],
  ['a^b', 'ab', false],
  ['(^a|b)$', 'b', true],
  ['a+?b*?', 'aabb', true],
  ['(a*)*b', 'aab', true],
])('compileTagPattern(%j) on %j is %j, as the whole tag', (pattern, tag, expected) => {
  expect(compileTagPattern(pattern)(tag)).toBe(expected)
})

test.each([
  '(',
  '(a',
  'a)',
  '[',
  '[a',
  '[]',
  '[z-a]',
  '[a-\\d]',
  '[\\D]',
  '*a',
  'a**',
  'a{',
  'a{x}',
  'a{3,2}',
  'a{256}',
  'a{1}{2}',
  '(?=a)',
  '(?<n>a)',
  '(a)\\1',
  '\\b',
  'a\\',
  'a'.repeat(257),
  '((a{200}){200}){200}',
  '(((){255}){255}){255}',
])('compileTagPattern() refuses %j', (pattern) => {
  expect(() => compileTagPattern(pattern)).toThrow(expect.objectContaining({ code: 'ERR_TAG_PATTERN', pattern }))
})

test('compileTagPattern() says where a pattern is wrong', () => {
  expect(() => compileTagPattern('v(?=1)')).toThrow(
    'Cannot match tags by "v(?=1)": found "=" at 4, expected a group ( ) or (?: )',
  )
})

// A backtracking engine needs 2^128 steps for the first of these.
test.each(['(a+)+b', '(a|a)*b', '(.*.*.*.*.*)*b', '(a?){128}a{128}b'])('%s does not run for long', (pattern) => {
  expect(compileTagPattern(pattern)('a'.repeat(128))).toBe(false)
})

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w')
const times = fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '{1,}')
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(atom, times).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('|')),
    fc.tuple(tie('pattern'), times).map(([inner, many]) => `(${inner})${many}`),
  ),
}))

test('compileTagPattern() agrees with RegExp', () => {
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[ab1.-]{0,6}$/), (text, tag) => {
      fc.pre(text.length <= 60)
      expect(compileTagPattern(text)(tag)).toBe(new RegExp(`^(?:${text})$`, 's').test(tag))
    }),
  )
})
