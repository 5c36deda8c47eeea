import { describe, expect, it } from 'vitest'

import { UrlRefusedError } from '../errors/refusal-errors.ts'
import { checkSameHost, checkUploadLocation, checkUrl } from './url-gate.ts'

const registry = new URL('https://registry.example/v2/repo/blobs/x')
const local = new URL('http://127.0.0.1:5000/v2/repo/blobs/x')

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof UrlRefusedError) return error.reason
    throw error
  }
  return 'none'
}

describe('checkUrl()', () => {
  it.each([
    ['http://other.example/', 'downgrade'],
    ['http://169.254.169.254/latest/', 'downgrade'],
    ['https://169.254.169.254/latest/', 'address'],
    ['https://0.0.0.0:1/', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'address'],
    ['https://10.0.0.1/', 'address'],
    ['https://localhost/', 'address'],
    ['https://127.1/', 'address'],
    ['https://2130706433/', 'address'],
    ['https://u:p@other.example/', 'user-info'],
    ['https://u@registry.example/', 'user-info'],
    ['file:///etc/passwd', 'scheme'],
    ['ftp://other.example/', 'scheme'],
    ['gopher://other.example/', 'scheme'],
    ['data:,x', 'scheme'],
    ['https://a b/', 'syntax'],
    ['http://', 'syntax'],
  ])('refuses %s', (target, reason) => {
    expect(refusal(() => checkUrl(registry, target))).toBe(reason)
  })

  it.each(['https://storage.example/x?sig=1', '/v2/x', 'x', '//storage.example/x', 'https://8.8.8.8/x'])(
    'allows %s',
    (target) => {
      expect(refusal(() => checkUrl(registry, target))).toBe('none')
    },
  )

  it.each([
    ['http://127.0.0.1:5001/token', 'none'],
    ['http://localhost:5001/token', 'none'],
    ['http://127.0.0.1:5000/token', 'none'],
    ['https://auth.example/token', 'none'],
    ['http://10.0.0.1/token', 'address'],
    ['http://169.254.169.254/', 'address'],
    ['http://[::ffff:127.0.0.1]/', 'address'],
    ['http://0.0.0.0:5000/', 'address'],
  ])('judges %s named by a registry on this machine: %s', (target, reason) => {
    expect(refusal(() => checkUrl(local, target))).toBe(reason)
  })

  it('keeps a private registry among private addresses, and off this machine', () => {
    const lan = new URL('https://10.0.0.5/v2/')
    expect(refusal(() => checkUrl(lan, 'https://10.0.0.6/'))).toBe('none')
    expect(refusal(() => checkUrl(lan, 'https://127.0.0.1/'))).toBe('address')
  })

  it('allows hosts that its owner trusts', () => {
    const options = { isTrustedHost: (host: string): boolean => host === '10.0.0.6:9000' }
    expect(refusal(() => checkUrl(registry, 'https://10.0.0.6:9000/x', options))).toBe('none')
    expect(refusal(() => checkUrl(registry, 'https://10.0.0.7:9000/x', options))).toBe('address')
    expect(refusal(() => checkUrl(registry, 'http://10.0.0.6:9000/x', options))).toBe('downgrade')
  })

  it('shows no secret of the URL', () => {
    const target = 'http://user:S3CR3T@other.example/x?X-Amz-Signature=SIG#TOK3N'
    expect(() => checkUrl(registry, target)).toThrow(
      /^Cannot follow "http:\/\/other\.example\/x\?X-Amz-Signature=\*\*\*"/,
    )
    try {
      checkUrl(registry, target)
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toMatch(/S3CR3T|SIG\b|TOK3N/)
    }
  })
})

describe('checkSameHost()', () => {
  it.each([
    ['http://169.254.169.254/latest/', 'origin'],
    ['https://evil.example/v2/repo/tags/list', 'origin'],
    ['https://registry.example:444/v2/repo/tags/list', 'origin'],
    ['https://u@registry.example/v2/', 'user-info'],
    ['/v2/repo/tags/list?last=a', 'none'],
    ['https://registry.example/v2/repo/tags/list?last=a', 'none'],
  ])('judges %s: %s', (target, reason) => {
    expect(refusal(() => checkSameHost(registry, target))).toBe(reason)
  })

  it('reads http on the same host, as registries behind proxies write it, as https', () => {
    expect(checkSameHost(registry, 'http://registry.example/v2/x?last=a').href).toBe(
      'https://registry.example/v2/x?last=a',
    )
  })
})

describe('checkUploadLocation()', () => {
  it('refuses addresses nearer than the registry', () => {
    expect(refusal(() => checkUploadLocation(registry, 'http://169.254.169.254/x'))).toBe('downgrade')
    expect(refusal(() => checkUploadLocation(local, 'http://169.254.169.254/x'))).toBe('address')
  })

  it('gives no credentials to another host', () => {
    expect(checkUploadLocation(registry, 'https://evil.example/u')).toMatchObject({ mayCarryCredentials: false })
    expect(checkUploadLocation(registry, 'https://registry.example:444/u')).toMatchObject({
      mayCarryCredentials: false,
    })
  })

  it.each([
    '/v2/repo/blobs/uploads/1?_state=a%2Bb%3D&x=%20',
    'https://registry.example/v2/repo/blobs/uploads/1?_state=a%2Bb%3D&x=%20',
  ])('accepts %s and keeps its query', (location) => {
    const { url, mayCarryCredentials } = checkUploadLocation(registry, location)
    expect(url.href).toBe('https://registry.example/v2/repo/blobs/uploads/1?_state=a%2Bb%3D&x=%20')
    expect(mayCarryCredentials).toBe(true)
  })
})
