import { expect, test } from 'vitest'

import {
  COMPRESSION_ERROR_TYPES,
  CompressedDataError,
  CompressionLimitError,
  isCompressionError,
  WorkerCrashedError,
  WorkerPoolClosedError,
} from './errors.ts'
import { fromWireError, toWireError } from './pool/wire-error.ts'

const errors = [
  new CompressedDataError('xz', 'corrupt', 'it is damaged'),
  new CompressedDataError('gzip', 'truncated', 'it ends too early'),
  new CompressionLimitError('maxBytes', 1000, 'it holds more'),
  new WorkerCrashedError('measure', 'ended'),
  new WorkerPoolClosedError('measure'),
]

test.each(errors.map((error) => [error.name, error] as const))(
  '%s names itself, its code and the action',
  (name, error) => {
    expect(error.constructor.name).toBe(name)
    expect(error.message).toMatch(/^Cannot .*: ./)
    expect(isCompressionError(error)).toBe(true)
    expect(COMPRESSION_ERROR_TYPES[error.code].prototype).toBe(Object.getPrototypeOf(error))
  },
)

test.each(errors.map((error) => [error.name, error] as const))(
  '%s survives the way between threads',
  (_name, error) => {
    const revived = fromWireError(structuredClone(toWireError(error)), COMPRESSION_ERROR_TYPES)
    expect(revived).toEqual(error)
    expect(revived).toBeInstanceOf(error.constructor)
    expect(revived.stack).toBe(error.stack)
  },
)

test('toWireError() takes anything thrown, and causes without end', () => {
  expect(fromWireError(toWireError('text'))).toMatchObject({ message: 'text' })
  const loop = new Error('loop')
  loop.cause = loop
  expect(fromWireError(structuredClone(toWireError(loop)))).toMatchObject({ cause: { message: 'loop' } })
  const odd = Object.assign(new Error('odd'), { run: () => {}, list: [1, 'a'] })
  expect(fromWireError(structuredClone(toWireError(odd)))).toMatchObject({ list: [1, 'a'] })
})

test('isCompressionError() refuses other values', () => {
  for (const value of [undefined, 'ERR_COMPRESSED_DATA', new Error('x'), { code: 'ERR_COMPRESSED_DATA' }]) {
    expect(isCompressionError(value)).toBe(false)
  }
})
