import { expect, test } from 'vitest'

import {
  CredentialsFileError,
  CredentialsHelperError,
  CredentialsWriteError,
  isCredentialsError,
  quote,
} from './errors.ts'

test('isCredentialsError() knows each error of the package, by its code', () => {
  const errors = [
    new CredentialsFileError('/f', 'a', 'b'),
    new CredentialsHelperError('h', 'exit', 'a', 'b'),
    new CredentialsWriteError('/f', 'a', 'b'),
  ]
  for (const error of errors) {
    expect(isCredentialsError(error)).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(isCredentialsError(Object.assign(new Error('copy'), { code: error.code }))).toBe(true)
  }
  for (const other of [new Error('x'), undefined, { code: 'ERR_CREDENTIALS_FILE' }])
    expect(isCredentialsError(other)).toBe(false)
})

test('quote() escapes what steers a terminal and keeps text short', () => {
  expect(quote('a\u001b[2J\u202eb\u009b\n')).toBe('"a\\u001b[2J\\u202eb\\u009b\\n"')
  expect(quote('x'.repeat(10_000)).length).toBe(514)
})
