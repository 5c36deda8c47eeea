import { expect, test } from 'vitest'

import { DigestMismatchError, DigestSyntaxError, isDigestError, LongContentError, ShortContentError } from './errors.ts'

const cause = new Error('cause')
const errors = [
  new DigestSyntaxError('x', 'no colon', '<algorithm>:<hex>', 1, { cause }),
  new DigestMismatchError('sha256:a', 'sha256:b', { cause }),
  new ShortContentError(1, 2, { cause }),
  new LongContentError(2, { cause }),
]

test.each(errors)(
  '$name says what was attempted, what happened and what was expected, and keeps its cause',
  (error) => {
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot (parse|verify) .*: .*expected .*[^.]$/)
    expect(error.cause).toBe(cause)
    expect(isDigestError(error)).toBe(true)
  },
)

test('isDigestError() knows errors of other copies of the package and nothing else', () => {
  expect(isDigestError(Object.assign(new Error('twin'), { code: 'ERR_CONTENT_SHORT' }))).toBe(true)
  expect(isDigestError(Object.assign(new Error('other'), { code: 'ERR_OTHER' }))).toBe(false)
  expect(isDigestError({ code: 'ERR_CONTENT_SHORT' })).toBe(false)
})
