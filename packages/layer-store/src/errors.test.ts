import { expect, test } from 'vitest'

import {
  DiffIdMismatchError,
  isLayerStoreError,
  LayerCorruptError,
  LayerDepthError,
  LayerNotFoundError,
  LayerTarError,
  LayerUnmeasuredError,
} from './errors.ts'

const errors = [
  new DiffIdMismatchError('sha256:a', 'sha256:b', 'sha256:c'),
  new LayerTarError('a header with a wrong checksum', 512),
  new LayerNotFoundError('sha256:a'),
  new LayerDepthError('sha256:a', 125),
  new LayerUnmeasuredError('sha256:a'),
  new LayerCorruptError('sha256:a', 'its DiffID is sha256:b', 'sha256:c'),
]

test.each(errors.map((error) => [error.name, error] as const))(
  '%s names itself, its code and the action',
  (name, error) => {
    expect(error.constructor.name).toBe(name)
    expect(error.message).toMatch(/^Cannot .*: ./)
    expect(isLayerStoreError(error)).toBe(true)
  },
)

test('isLayerStoreError() refuses other values', () => {
  for (const value of [undefined, 'ERR_LAYER_TAR', new Error('x'), { code: 'ERR_LAYER_TAR' }]) {
    expect(isLayerStoreError(value)).toBe(false)
  }
})
