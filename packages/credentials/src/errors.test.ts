import { expect, test } from 'vitest'

import { CredentialsFileError, CredentialsHelperError, CredentialsWriteError, isCredentialsError } from './errors.ts'

test('isCredentialsError() recognises each error of the package by its code', () => {
  const errors = [
    new CredentialsFileError('/f', 'it is not JSON'),
    new CredentialsHelperError('h', 'exit', 'it crashed'),
    new CredentialsWriteError('/f', 'it is not JSON'),
  ]
  for (const error of errors) {
    expect(isCredentialsError(error)).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(isCredentialsError(Object.assign(new Error('copy'), { code: error.code }))).toBe(true)
  }
  for (const other of [new Error('x'), undefined, { code: 'ERR_CREDENTIALS_FILE' }])
    expect(isCredentialsError(other)).toBe(false)
})

test('errors name what they are about on one line, safe for a terminal', () => {
  const error = new CredentialsHelperError('a\u001b[2J\u202eb\n', 'missing', 'it is missing')
  expect(error.message).toBe('Cannot ask credential helper "a\\u001b[2J\\u202eb\\n": it is missing')
  expect(error.hint).toMatch(/^Install the helper/)
})
