import { expect, test } from 'vitest'

import {
  ArchiveClosedError,
  ArchiveExistsError,
  ArchiveFormatError,
  ArchiveImageError,
  ArchiveLimitError,
  ArchiveSelectionError,
  DirImageError,
  isArchiveError,
  LayoutError,
} from './errors.ts'

test('isArchiveError() knows every error of the package, by its code', () => {
  for (const error of [
    new ArchiveExistsError('/a.tar'),
    new ArchiveImageError('a'),
    new ArchiveClosedError('finished'),
    new ArchiveFormatError('tar', 'a'),
    new ArchiveLimitError('file', 'a', 1),
    new ArchiveSelectionError('a', 2),
    new LayoutError('/a', 'x'),
    new DirImageError('/a', 'x'),
  ]) {
    expect(isArchiveError(error)).toBe(true)
    expect(isArchiveError(Object.assign(new Error('other copy'), { code: error.code }))).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot /)
  }
  expect(isArchiveError(new Error('other'))).toBe(false)
  expect(isArchiveError({ code: 'ERR_LAYOUT' })).toBe(false)
})
