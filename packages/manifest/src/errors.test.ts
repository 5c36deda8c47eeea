import { expect, test } from 'vitest'

import * as errors from './errors.ts'

const CASES: readonly errors.ManifestError[] = [
  new errors.ManifestSyntaxError('layers[0]', 'x', 'y'),
  new errors.AmbiguousManifestError('x', 'y'),
  new errors.UnsupportedManifestError('x'),
  new errors.ManifestTooLargeError('manifest', 2, 1),
  new errors.ImageConfigSyntaxError('rootfs', 'x', 'y'),
  new errors.UnsupportedConfigError('x', 'plugin'),
  new errors.UnsupportedLayerError('x', 'a Helm chart'),
  new errors.LayerCountError('x', 'y', 'z', { actual: 1, expected: 2 }),
  new errors.PlatformSyntaxError('x', 'y', 'z'),
  new errors.ManifestConversionError('v2s2', 'layers[0]', 'x', 'y'),
  new errors.Schema1Error('z', 'history', 'x', 'y'),
]

test('isManifestError() knows every class of error by its code, and nothing else', () => {
  const classes = Object.values(errors).filter(
    (value) => typeof value === 'function' && value.prototype instanceof Error,
  )
  expect(CASES.map((error) => error.constructor)).toEqual(classes.toSorted((a, b) => order(a) - order(b)))
  for (const error of CASES) {
    expect(errors.isManifestError(error)).toBe(true)
    expect(errors.isManifestError(Object.assign(new Error('copy'), { code: error.code }))).toBe(true)
    expect(error.message).toMatch(/^Cannot [a-z]+ .*: found .+, expected .+$/)
    expect(error.name).toBe(error.constructor.name)
  }
  for (const value of [
    undefined,
    {},
    new Error('x'),
    Object.assign(new Error('x'), { code: 'ERR_OTHER' }),
    { code: 'ERR_CONFIG_SYNTAX' },
  ]) {
    expect(errors.isManifestError(value)).toBe(false)
  }
})

function order(value: unknown): number {
  return CASES.findIndex((error) => error.constructor === value)
}
