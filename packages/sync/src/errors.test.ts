import { expect, test } from 'vitest'

import { isSyncError, SyncFileError, TagPatternError, VersionRangeError } from './errors.ts'

test('isSyncError() knows every error of the package, by its code', () => {
  for (const error of [
    new SyncFileError('images[0]', 'a', 'b'),
    new TagPatternError('(', 'a', 'b'),
    new VersionRangeError('>', 'a', 'b'),
  ]) {
    expect(isSyncError(error)).toBe(true)
    expect(isSyncError(Object.assign(new Error('other copy'), { code: error.code }))).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot /)
  }
  expect(isSyncError(new Error('other'))).toBe(false)
})

test('messages show 256 characters of a text', () => {
  expect(new TagPatternError('a'.repeat(500), 'b', 'c').message.length).toBeLessThan(330)
})
