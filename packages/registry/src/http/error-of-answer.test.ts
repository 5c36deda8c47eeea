import { describe, expect, it } from 'vitest'

import { parseErrorBody } from './error-body.ts'
import { errorOfAnswer, isRetryableStatus } from './error-of-answer.ts'
import type { RegistryError } from '../errors/answer-errors.ts'
import { answer } from '../test/image-registry.ts'

const url = 'https://registry.example/v2/repo/manifests/v1'

async function errorFor(
  status: number,
  headers: Record<string, string>,
  ...body: (string | Uint8Array)[]
): Promise<RegistryError> {
  return await errorForMethod('GET', status, headers, ...body)
}

async function errorForMethod(
  method: string,
  status: number,
  headers: Record<string, string>,
  ...body: (string | Uint8Array)[]
): Promise<RegistryError> {
  const facts = { method, url }
  return await errorOfAnswer({ ...answer(status, headers, ...body), url }, 'https://registry.example', {
    facts,
    now: () => 0,
  })
}

describe('errorOfAnswer()', () => {
  it('keeps status, codes and messages', async () => {
    const body = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}},{"code":"DENIED"}]}'
    const error = await errorFor(404, {}, body)
    expect(error).toMatchObject({
      code: 'ERR_REGISTRY_NOT_FOUND',
      status: 404,
      codes: ['MANIFEST_UNKNOWN', 'DENIED'],
      retryable: false,
    })
    expect(error.message).toBe(
      `Cannot GET "${url}": the server answered 404 MANIFEST_UNKNOWN, DENIED "manifest unknown"`,
    )
  })

  it.each([
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
    [522, true],
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [418, false],
    [501, false],
    [505, false],
  ])('%i is retryable: %s', async (status, retryable) => {
    expect(isRetryableStatus(status)).toBe(retryable)
    expect((await errorFor(status, {})).retryable).toBe(retryable)
  })

  it.each([
    [400, ['DIGEST_INVALID'], 'digest-refused'],
    [400, ['SIZE_INVALID'], 'digest-refused'],
    [400, ['MANIFEST_BLOB_UNKNOWN'], 'part-unknown'],
    [400, ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'], 'part-unknown'],
    [400, ['MANIFEST_BLOB_UNKNOWN', 'DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'], 'part-unknown'],
    [404, ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'], 'part-unknown'],
  ])('tells parts that are missing from wrong bytes, for a PUT with %i %j', async (status, codes, problem) => {
    const body = JSON.stringify({ errors: codes.map((code) => ({ code })) })
    expect(await errorForMethod('PUT', status, {}, body)).toMatchObject({ codes, problem })
  })

  it('keeps the time to wait', async () => {
    expect(await errorFor(429, { 'retry-after': '3' })).toMatchObject({
      code: 'ERR_REGISTRY_RATE_LIMITED',
      retryAfterMs: 3000,
    })
    expect(await errorFor(503, {})).toMatchObject({ retryAfterMs: undefined })
    const body = '{"errors":[{"code":"TOOMANYREQUESTS"}]}'
    expect(await errorFor(403, {}, body)).toMatchObject({ code: 'ERR_REGISTRY_RATE_LIMITED', retryable: true })
  })

  it.each([
    ['insufficient_scope', 'ERR_REGISTRY_DENIED', ['DENIED', 'UNAUTHORIZED']],
    ['invalid_token', 'ERR_REGISTRY_UNAUTHORIZED', ['UNAUTHORIZED']],
  ])('reads %s from the challenge', async (error, code, codes) => {
    const headers = { 'www-authenticate': `Bearer realm="https://a/t",error="${error}"` }
    expect(await errorFor(401, headers, '{"errors":[{"code":"UNAUTHORIZED"}]}')).toMatchObject({ code, codes })
  })

  it('reads 64 KiB of a body and closes it', async () => {
    let pulled = 0
    let isClosed = false
    const endless = async function* (): AsyncGenerator<Uint8Array, void, void> {
      try {
        for (;;) {
          pulled += 16_384
          yield new Uint8Array(16_384).fill(97)
        }
      } finally {
        isClosed = true
      }
    }
    const options = { facts: { method: 'GET', url }, now: () => 0 }
    const error = await errorOfAnswer(
      { status: 500, headers: {}, body: endless(), url },
      'https://registry.example',
      options,
    )
    expect([pulled, isClosed]).toEqual([65_536, true])
    expect(error.message.length).toBeLessThan(1024)
  })

  it('shows hostile text on one line of at most 1 KiB', async () => {
    const message = `\u001b]0;x\u0007\u001b[2J\r\n\u202e${'x'.repeat(10_000)}`
    const body = JSON.stringify({ errors: [1, 2, 3, 4].map(() => ({ code: '\u001b[2J', message })) })
    const error = await errorFor(500, {}, body)
    expect(error.codes).toEqual([])
    expect(error.message).toMatch(/^[\x20-\x7e…]*$/)
    expect(error.said).toMatch(/^[\x20-\x7e…]+$/)
    expect(error.message.length).toBeLessThanOrEqual(1024)
  })

  it('does not read an encoded body', async () => {
    expect((await errorFor(500, { 'content-encoding': 'gzip' }, 'S3CR3T')).message).not.toContain('S3CR3T')
  })
})

describe('parseErrorBody()', () => {
  it('keeps the first three messages in the words of the registry', () => {
    const errors = ['no "x"', '', 'two', 'three', 'four'].map((message) => ({ code: 'DENIED', message }))
    expect(parseErrorBody(JSON.stringify({ errors }), 400).said).toBe('no "x", two, three')
  })

  it.each([
    ['{"details":"log in"}', 401, { codes: ['UNAUTHORIZED'], said: 'log in' }],
    ['{"details":"slow down"}', 429, { codes: ['TOOMANYREQUESTS'], said: 'slow down' }],
    ['{"message":"no"}', 400, { codes: [], said: 'no' }],
    ['{"errors":[]}', 400, { codes: [], said: undefined }],
    ['{"errors":[null,5,{"code":5,"message":5}]}', 400, { codes: [], said: undefined }],
    ['{"errors":{}}', 400, { codes: [], said: undefined }],
    ['[]', 400, { codes: [], said: undefined }],
    ['null', 400, { codes: [], said: undefined }],
    ['<html>', 502, { codes: [], said: undefined }],
    ['bad gateway\n', 502, { codes: [], said: 'bad gateway' }],
    ['', 502, { codes: [], said: undefined }],
    ['{"__proto__":{"polluted":1}}', 400, { codes: [], said: undefined }],
  ])('reads %s', (text, status, wanted) => {
    expect(parseErrorBody(text, status)).toEqual(wanted)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})
