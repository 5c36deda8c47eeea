import { expect, test } from 'vitest'

import { isTarError, TarLimitError, TarSyntaxError } from './index.ts'

test.each([
  [new TarSyntaxError('a malformed PAX record', 512), 'Cannot read the tar: it has a malformed PAX record at byte 512'],
  [
    new TarLimitError('a map of holes', 0),
    /^Cannot read the tar: it has a map of holes at byte 0, expected at most 1048576/,
  ],
])('%s says what was found where', (error, message) => {
  expect(isTarError(error)).toBe(true)
  expect(error.name).toBe(error.constructor.name)
  expect(error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})
