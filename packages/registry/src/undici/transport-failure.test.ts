import { describe, expect, it } from 'vitest'

import { transportFailure } from './transport-failure.ts'

const coded = (code: string, fields: object = {}): Error => Object.assign(new Error(code), { code, ...fields })
const URL_TEXT = 'https://registry.example/v2/?sig=S3CR3T'

describe('transportFailure()', () => {
  it.each([
    ['ENOTFOUND', 'dns', true],
    ['EAI_AGAIN', 'dns', true],
    ['ECONNREFUSED', 'refused', true],
    ['EMFILE', 'limit', true],
    ['EHOSTUNREACH', 'no-route', true],
    ['ETIMEDOUT', 'connect-timeout', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout', true],
    ['UND_ERR_HEADERS_TIMEOUT', 'headers-timeout', true],
    ['UND_ERR_BODY_TIMEOUT', 'stalled', true],
    ['ECONNRESET', 'reset', true],
    ['EPIPE', 'reset', true],
    ['UND_ERR_SOCKET', 'reset', true],
    ['HPE_INVALID_CONSTANT', 'protocol', true],
    ['UND_ERR_PRX_CONN', 'proxy', true],
    ['EWHATEVER', 'other', true],
    ['UND_ERR_HEADERS_OVERFLOW', 'headers', false],
    ['CERT_HAS_EXPIRED', 'tls-expired', false],
    ['CERT_NOT_YET_VALID', 'tls-expired', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-host', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-untrusted', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-untrusted', false],
    ['CERT_SIGNATURE_FAILURE', 'tls-untrusted', false],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls-client-certificate', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', false],
    ['EPROTO', 'tls', false],
  ])('reads %s as %s, retryable: %s', (code, reason, retryable) => {
    const cause = coded(code)
    const error = transportFailure(cause, 'GET', URL_TEXT)
    expect(error).toMatchObject({ reason, retryable, errno: code, host: 'registry.example', method: 'GET', cause })
    expect(error.message).not.toContain('S3CR3T')
  })

  it('names the address tried last', () => {
    const tried = [
      coded('ECONNREFUSED', { address: '::1', port: 5 }),
      coded('EHOSTUNREACH', { address: '10.0.0.1', port: 5 }),
    ]
    expect(transportFailure(new AggregateError(tried), 'GET', URL_TEXT)).toMatchObject({
      reason: 'no-route',
      address: '10.0.0.1:5',
    })
    expect(transportFailure(tried[0], 'GET', URL_TEXT)).toMatchObject({ address: '[::1]:5' })
  })

  it('looks through a wrapper', () => {
    expect(
      transportFailure(new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 'GET', URL_TEXT),
    ).toMatchObject({ reason: 'refused' })
    expect(transportFailure('odd', 'GET', URL_TEXT)).toMatchObject({ reason: 'other', errno: undefined })
  })

  it('keeps nothing of an answer that is not HTTP', () => {
    const cause = Object.assign(new Error('Bad'), { name: 'HTTPParserError', data: 'TOK3N' })
    const error = transportFailure(cause, 'GET', URL_TEXT)
    expect(error.reason).toBe('protocol')
    expect(error.cause).not.toHaveProperty('data')
  })
})
