import { describe, expect, it } from 'vitest'

import * as answerErrors from './answer-errors.ts'
import * as connectionErrors from './connection-errors.ts'
import { isRegistryError } from './is-registry-error.ts'
import * as refusalErrors from './refusal-errors.ts'
import * as transferErrors from './transfer-errors.ts'

const { RequestError: _base, ...answers } = answerErrors
const errors = { ...answers, ...connectionErrors, ...refusalErrors, ...transferErrors }

const facts = { method: 'GET', url: 'https://h/p' }
const answer = { ...facts, status: 418, codes: ['TEAPOT'], retryable: false, said: 'short and stout' }

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
  [new errors.RegistryProtocolError(facts, 'it is a web page'), 'ERR_REGISTRY_PROTOCOL'],
  [new errors.RegistryListingError('https://h/p', 'cycle', 'its pages form a circle'), 'ERR_REGISTRY_LISTING'],
  [new errors.RegistryMirrorError('h', 'sha256:a'), 'ERR_REGISTRY_MIRROR'],
  [new errors.UrlRefusedError('https://h/p', 'scheme', 'its scheme is ftp:'), 'ERR_URL_REFUSED'],
  [new errors.ChallengeSyntaxError('a', 'b', 0), 'ERR_CHALLENGE_SYNTAX'],
]

describe('errors', () => {
  it.each(samples)('%s', (error, code) => {
    expect(error).toHaveProperty('code', code)
    expect(error.name).toBe(error.constructor.name)
    expect(isRegistryError(error)).toBe(true)
    expect(error.message).toMatch(/^Cannot .*: .*[^.]$/)
    expect(error).toHaveProperty('retryable')
    if ('hint' in error && error.hint !== undefined) expect(error.hint).toMatch(/^[A-Z].*\.$/)
  })

  it('has a sample of each class', () => {
    expect(new Set(samples.map(([error]) => error.constructor))).toEqual(new Set(Object.values(errors)))
  })

  it('shows what the registry said', () => {
    expect(new errors.RegistryError(answer).message).toBe(
      'Cannot GET "https://h/p": the server answered 418 TEAPOT "short and stout"',
    )
  })

  it.each([
    ['GET', 403, ['DENIED'], 'denied'],
    ['GET', 401, ['UNAUTHORIZED', 'DENIED'], 'denied'],
    ['GET', 404, ['NAME_UNKNOWN'], 'repository-unknown'],
    ['HEAD', 404, ['MANIFEST_UNKNOWN'], 'manifest-unknown'],
    ['DELETE', 404, ['MANIFEST_UNKNOWN'], 'manifest-unknown'],
    ['PUT', 404, ['MANIFEST_UNKNOWN'], 'part-unknown'],
    ['PUT', 400, ['BLOB_UNKNOWN'], 'part-unknown'],
    ['PUT', 404, ['MANIFEST_BLOB_UNKNOWN', 'NAME_UNKNOWN'], 'part-unknown'],
    ['PUT', 404, ['NAME_UNKNOWN'], 'repository-unknown'],
    ['GET', 404, ['BLOB_UNKNOWN'], undefined],
    ['GET', 401, ['UNAUTHORIZED'], undefined],
    ['GET', 404, [], undefined],
  ])('derives the problem of %s with %i %j', (method, status, codes, problem) => {
    expect(new errors.RegistryError({ ...facts, method, status, codes, retryable: false }).problem).toBe(problem)
  })

  it('marks every refused right as denied, and wrong bytes as refused', () => {
    expect(new errors.RegistryDeniedError({ ...answer, codes: [] }).problem).toBe('denied')
    expect(new errors.RegistryDeniedError({ ...answer, codes: ['NAME_UNKNOWN'] }).problem).toBe('repository-unknown')
    expect(new errors.RegistryDigestRefusedError(answer).problem).toBe('digest-refused')
  })

  it('names the address that was tried', () => {
    const error = new errors.RegistryUnreachableError({
      ...facts,
      reason: 'refused',
      host: 'h:1',
      address: '10.0.0.1:1',
      errno: 'ECONNREFUSED',
      retryable: true,
    })
    expect(error.message).toBe('Cannot GET "https://h/p": the connection was refused (ECONNREFUSED, 10.0.0.1:1)')
  })
})

describe('isRegistryError()', () => {
  it('recognises errors of another copy by their code, and nothing else', () => {
    expect(isRegistryError(Object.assign(new Error('x'), { code: 'ERR_URL_REFUSED' }))).toBe(true)
    expect(isRegistryError(Object.assign(new Error('x'), { code: 'ERR_OTHER' }))).toBe(false)
    expect(isRegistryError({ code: 'ERR_URL_REFUSED' })).toBe(false)
    expect(isRegistryError(undefined)).toBe(false)
  })
})
