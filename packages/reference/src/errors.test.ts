import { expect, test } from 'vitest'

import {
  AmbiguousDigestError,
  isReferenceError,
  PatternSyntaxError,
  ReferenceSyntaxError,
  ReservedNameError,
} from './index.ts'

const cause = new Error('cause')
const flaw = { part: 'path', offset: 1, found: '"$"', wanted: 'a letter' } as const

test.each([
  [
    new ReferenceSyntaxError('a$', 'invalid reference format', flaw, { cause }),
    'ReferenceSyntaxError',
    'ERR_REFERENCE_SYNTAX',
  ],
  [new ReservedNameError('scratch', { cause }), 'ReservedNameError', 'ERR_REFERENCE_RESERVED'],
  [new PatternSyntaxError('[', 1, 'the end', 'a character', { cause }), 'PatternSyntaxError', 'ERR_PATTERN_SYNTAX'],
  [
    new AmbiguousDigestError('1', ['sha256:11', 'sha256:12'], { cause }),
    'AmbiguousDigestError',
    'ERR_DIGEST_AMBIGUOUS',
  ],
])('%s is an error of this package', (error, name, code) => {
  expect(error).toMatchObject({ name, code, cause })
  expect(error.message).toMatch(/^Cannot .+ ".+": .+/)
  expect(isReferenceError(error)).toBe(true)
  expect(isReferenceError(Object.assign(new Error('from another copy'), { code }))).toBe(true)
})

test('isReferenceError() refuses others', () => {
  for (const value of [undefined, null, 'ERR_REFERENCE_SYNTAX', { code: 'ERR_REFERENCE_SYNTAX' }, new Error('x')]) {
    expect(isReferenceError(value)).toBe(false)
  }
})
