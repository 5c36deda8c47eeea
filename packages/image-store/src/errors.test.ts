import { parseImageId } from '@drayage/digest'
import { expect, test } from 'vitest'

import {
  AmbiguousImageError,
  ImageConflictError,
  ImageNotFoundError,
  isImageStoreError,
  NameRefusedError,
  StoreBusyError,
  StoreCorruptError,
  StoreVersionError,
} from './errors.ts'

test('isImageStoreError() knows every error of the package, by its code', () => {
  for (const error of [
    new StoreVersionError('/db', 2, 1),
    new StoreCorruptError('/db'),
    new StoreBusyError('/db'),
    new ImageNotFoundError('a'),
    new AmbiguousImageError('a'),
    new ImageConflictError(parseImageId(`sha256:${'0'.repeat(64)}`), 'why'),
    new NameRefusedError('a', 'why'),
  ]) {
    expect(isImageStoreError(error)).toBe(true)
    expect(isImageStoreError(Object.assign(new Error('other copy'), { code: error.code }))).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot /)
  }
  expect(isImageStoreError(new Error('other'))).toBe(false)
})
