import { expect, test } from 'vitest'

import { conversionOf } from './conversion.ts'

test.each([
  [{}, {}],
  [{ compression: 'gzip' }, { compression: { type: 'gzip' } }],
  [
    { compression: 'zstd:19', manifestFormat: 'oci' },
    { format: 'oci', compression: { type: 'zstd', level: 19 } },
  ],
  [
    { compression: 'gzip:9', manifestFormat: 'v2s1' },
    { format: 'v2s1', compression: { type: 'gzip', level: 9 } },
  ],
] as const)('conversionOf() of %j', (options, conversion) => {
  expect(conversionOf(options)).toEqual(conversion)
})

test.each([
  [{ compression: 'none' }],
  [{ compression: 'gzip:' }],
  [{ compression: 'gzip:0' }],
  [{ compression: 'gzip:10' }],
  [{ compression: 'zstd:23' }],
  [{ compression: 'zstd:-1' }],
  [{ compression: 'zstd:1e1' }],
  [{ compression: 'zstd', manifestFormat: 'v2s2' }],
  [{ compression: 'zstd', manifestFormat: 'v2s1' }],
] as const)('conversionOf() refuses %j', (options) => {
  expect(() => conversionOf(options)).toThrow(
    expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(/^Cannot .*expected /) }),
  )
})
