import { expect, test } from 'vitest'

import {
  FilterError,
  ImageDamagedError,
  isRuntimeError,
  RegistryBlockedError,
  RegistryConfigError,
  RemoteDeleteError,
  StoreLayoutError,
  TransportError,
} from './errors.ts'

test('isRuntimeError() knows every error of the package, by its code', () => {
  const long = 'x'.repeat(10_000)
  for (const error of [
    new TransportError('use', long, 'why'),
    new FilterError(long, 'y'),
    new ImageDamagedError(long, 'its config is missing'),
    new StoreLayoutError(long, long, '1'),
    new RemoteDeleteError(long, 'x', 'y'),
    new RegistryConfigError(long, long, long, 'y'),
    new RegistryBlockedError(long, long, 'registry[0]'),
  ]) {
    expect(isRuntimeError(error)).toBe(true)
    expect(isRuntimeError(Object.assign(new Error('other copy'), { code: error.code }))).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot /)
    expect(error.message.length).toBeLessThan(700)
  }
  expect(isRuntimeError(new Error('other'))).toBe(false)
})
