import { expect, test } from 'vitest'

import { ClientGoneError, ConnectionFaultError, isRegistryServerError, RegistryRecordError } from './errors.ts'
import { RequestRefusedError } from './handler/refusal.ts'
import { DEFAULT_LIMITS } from './handler/exchange.ts'

test('isRegistryServerError() recognises each error of the package by its code', () => {
  const errors = [
    new RequestRefusedError({ status: 404, specCode: 'BLOB_UNKNOWN', message: 'x' }),
    new RegistryRecordError('f', 'it is not JSON'),
    new ClientGoneError(),
    new ConnectionFaultError({ fault: 'answer-lost', request: 'GET /v2/', ending: 'reset' }),
  ]
  for (const error of errors) {
    expect(isRegistryServerError(error)).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(isRegistryServerError(Object.assign(new Error('copy'), { code: error.code }))).toBe(true)
  }
  for (const other of [new Error('x'), undefined, { code: 'ERR_CLIENT_GONE' }]) {
    expect(isRegistryServerError(other)).toBe(false)
  }
})

test('DEFAULT_LIMITS are those of the README', () => {
  expect(DEFAULT_LIMITS).toEqual({
    maxManifestBytes: 4_194_304,
    maxBlobBytes: 137_438_953_472,
    maxPageEntries: 1000,
    uploadLifeMs: 604_800_000,
  })
})
