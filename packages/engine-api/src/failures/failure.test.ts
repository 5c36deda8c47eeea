import { expect, test } from 'vitest'

import { isAboutInput, isUnexpected } from './failure.ts'

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error(code, { cause }), { code })

test.each([
  ['damaged content', coded('ERR_TRANSFER', coded('ERR_DIGEST_MISMATCH')), true],
  ['an invalid config', coded('ERR_CONFIG_SYNTAX'), true],
  ['a full disk', coded('ERR_TRANSFER', coded('ERR_STORE_FULL', coded('ENOSPC'))), false],
  ['a file that cannot be read', coded('EACCES'), false],
  ['a thread that has crashed', coded('ERR_WORKER_CRASHED'), false],
  ['a mistake', new TypeError('x is not a function'), false],
  ['a mistake with a code of Node', Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }), false],
  ['anything else', new Error('x'), false],
])('isAboutInput() of %s', (_, error, isOf) => {
  expect(isAboutInput(error)).toBe(isOf)
  expect(isUnexpected(error)).toBe(true)
})
