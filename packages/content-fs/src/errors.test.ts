import { expect, test } from 'vitest'

import { storeFailure } from './errors.ts'

test.each([
  ['ENOSPC', -28, 'ERR_STORE_FULL'],
  // The runtime has no name for a used-up quota.
  ['Unknown system error -122', -122, 'ERR_STORE_FULL'],
  ['EROFS', -30, 'ERR_STORE_UNWRITABLE'],
  ['EACCES', -13, 'ERR_STORE_UNWRITABLE'],
  ['EPERM', -1, 'ERR_STORE_UNWRITABLE'],
  ['EIO', -5, 'ERR_STORE_IO'],
  ['Unknown system error -117', -117, 'ERR_STORE_IO'],
  ['Unknown system error -74', -74, 'ERR_STORE_IO'],
  ['EMFILE', -24, 'ERR_FILE_WRITE'],
])('the system error %s is reported as what it means, with its path', (system, errno, code) => {
  const error = Object.assign(new Error(system), { code: system, errno, syscall: 'write' })
  const failure = storeFailure(error, '/store/data')
  expect(failure).toMatchObject({ code, path: '/store/data', problem: 'unwritable', cause: error })
  expect(String(failure)).toContain('"/store/data"')
})

test('an error that is not of the system is given back', () => {
  const error = Object.assign(new Error('other'), { code: 'ERR_OTHER' })
  expect(storeFailure(error, '/store/data')).toBe(error)
})
