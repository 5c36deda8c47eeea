import { describe, expect, it } from 'vitest'

import * as errors from './errors.ts'
import { isRegistryError } from './is-registry-error.ts'

const facts = { method: 'GET', url: 'https://h/p' }
const answer = { ...facts, status: 418, codes: ['TEAPOT'], retryable: false, said: '"short and stout"' }

const samples: readonly (readonly [Error, string])[] = [
  [new errors.RegistryError(answer), 'ERR_REGISTRY'],
  [new errors.RegistryUnauthorizedError(answer), 'ERR_REGISTRY_UNAUTHORIZED'],
  [new errors.RegistryDeniedError(answer), 'ERR_REGISTRY_DENIED'],
  [new errors.RegistryNotFoundError(answer), 'ERR_REGISTRY_NOT_FOUND'],
  [new errors.RegistryRateLimitedError(answer), 'ERR_REGISTRY_RATE_LIMITED'],
  [new errors.RegistryUnsupportedError(answer), 'ERR_REGISTRY_UNSUPPORTED'],
  [new errors.RegistryDigestRefusedError(answer), 'ERR_REGISTRY_DIGEST_REFUSED'],
  [new errors.RegistryUploadError(facts, 'partial', 1, 2), 'ERR_REGISTRY_UPLOAD'],
  [
    new errors.RegistryUnreachableError({ ...facts, reason: 'refused', host: 'h', retryable: true }),
    'ERR_REGISTRY_UNREACHABLE',
  ],
  [new errors.RegistryTruncatedError(facts, 1, 2), 'ERR_REGISTRY_TRUNCATED'],
  [new errors.RegistryProtocolError(facts, 'a', 'b'), 'ERR_REGISTRY_PROTOCOL'],
  [new errors.RegistryListingError('https://h/p', 'cycle', 'a', 'b'), 'ERR_REGISTRY_LISTING'],
  [new errors.RegistryMirrorError('h', 'sha256:a'), 'ERR_REGISTRY_MIRROR'],
  [new errors.UrlRefusedError('https://h/p', 'scheme', 'a', 'b'), 'ERR_URL_REFUSED'],
  [new errors.ChallengeSyntaxError('a', 'b', 0), 'ERR_CHALLENGE_SYNTAX'],
]

describe('errors', () => {
  it.each(samples)('%s', (error, code) => {
    expect(error).toHaveProperty('code', code)
    expect(error.name).toBe(error.constructor.name)
    expect(isRegistryError(error)).toBe(true)
    expect(error.message).toMatch(/^Cannot .*: .*, expected .*[^.]$/)
    expect(error).toHaveProperty('retryable')
  })

  it('has a sample of each class', () => {
    expect(new Set(samples.map(([error]) => error.constructor))).toEqual(new Set(Object.values(errors)))
  })

  it('shows what the registry said', () => {
    expect(new errors.RegistryError(answer).message).toBe(
      'Cannot GET "https://h/p": the answer is 418 TEAPOT "short and stout", expected success',
    )
  })

  it('tells where a host was looked for', () => {
    const error = new errors.RegistryUnreachableError({
      ...facts,
      reason: 'refused',
      host: 'h:1',
      address: '10.0.0.1:1',
      errno: 'ECONNREFUSED',
      retryable: true,
    })
    expect(error.message).toBe(
      'Cannot GET "https://h/p": refused (ECONNREFUSED) from h:1 at 10.0.0.1:1, expected an answer',
    )
  })
})

describe('isRegistryError()', () => {
  it('knows errors of another copy by their code, and nothing else', () => {
    expect(isRegistryError(Object.assign(new Error('x'), { code: 'ERR_URL_REFUSED' }))).toBe(true)
    expect(isRegistryError(Object.assign(new Error('x'), { code: 'ERR_OTHER' }))).toBe(false)
    expect(isRegistryError({ code: 'ERR_URL_REFUSED' })).toBe(false)
    expect(isRegistryError(undefined)).toBe(false)
  })
})
