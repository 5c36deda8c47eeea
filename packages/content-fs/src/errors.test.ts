import { expect, test } from 'vitest'

import { isStoreError, StoreFullError, StoreIoError, StoreUnsafeError, StoreUnwritableError } from './errors.ts'
import { storeFailure } from './store-failure.ts'

const cause = new Error('cause')
const errors = [
  [new StoreFullError('/x', { cause }), 'ERR_STORE_FULL'],
  [new StoreUnwritableError('/x', 'EROFS', { cause }), 'ERR_STORE_UNWRITABLE'],
  [new StoreUnsafeError('/x', 'no directory', { cause }), 'ERR_STORE_UNSAFE'],
  [new StoreIoError('/x', { cause }), 'ERR_STORE_IO'],
] as const

test.each(errors)('%s has its name, code, path, cause and grammar', (error, code) => {
  expect(error).toMatchObject({ name: error.constructor.name, code, path: '/x', cause })
  expect(error.message).toMatch(/^Cannot .*"\/x".*: .*, expected .*[^.]$/)
  expect(isStoreError(error)).toBe(true)
})

test('isStoreError() is about codes of this package only', () => {
  expect(isStoreError(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe(false)
  expect(isStoreError({ code: 'ERR_STORE_FULL' })).toBe(false)
})

test.each([
  ['ENOSPC', 'ERR_STORE_FULL'],
  ['EDQUOT', 'ERR_STORE_FULL'],
  ['EROFS', 'ERR_STORE_UNWRITABLE'],
  ['EACCES', 'ERR_STORE_UNWRITABLE'],
  ['EPERM', 'ERR_STORE_UNWRITABLE'],
  ['EIO', 'ERR_STORE_IO'],
  ['EMFILE', 'EMFILE'],
])('F24: the system error %s is thrown as %s', (system, code) => {
  const error = Object.assign(new Error(system), { code: system })
  expect(storeFailure(error, '/x')).toMatchObject({ code })
})
