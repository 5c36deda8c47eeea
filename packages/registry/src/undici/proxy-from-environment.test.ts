import { describe, expect, it } from 'vitest'

import { proxyFromEnvironment } from './proxy-from-environment.ts'

const env = { HTTP_PROXY: 'http://p1:1', https_proxy: 'p2:2' }

describe('proxyFromEnvironment()', () => {
  it('chooses by scheme', () => {
    const proxy = proxyFromEnvironment(env)
    expect(proxy('http://a.example/')).toBe('http://p1:1/')
    expect(proxy('https://a.example/')).toBe('http://p2:2/')
    expect(proxyFromEnvironment({})('https://a.example/')).toBeUndefined()
    expect(proxyFromEnvironment({ HTTPS_PROXY: '' })('https://a.example/')).toBeUndefined()
  })

  it('prefers upper case, and ignores HTTP_PROXY in a CGI program', () => {
    expect(proxyFromEnvironment({ HTTP_PROXY: 'a', http_proxy: 'b' })('http://x.example/')).toBe('http://a/')
    expect(proxyFromEnvironment({ HTTP_PROXY: 'a', http_proxy: 'b', REQUEST_METHOD: 'GET' })('http://x.example/')).toBe(
      'http://b/',
    )
  })

  it.each(['http://localhost:5000/', 'http://127.0.0.1/', 'http://[::1]/', 'https://127.9.9.9/'])(
    'goes to %s directly',
    (url) => {
      expect(proxyFromEnvironment(env)(url)).toBeUndefined()
    },
  )

  it.each([
    ['*', 'http://a.example/', true],
    ['a.example', 'http://a.example/', true],
    ['a.example', 'http://b.a.example/', true],
    ['a.example', 'http://ba.example/', false],
    ['.a.example', 'http://b.a.example/', true],
    ['.a.example', 'http://a.example/', false],
    ['*.a.example', 'http://b.a.example/', true],
    ['*.a.example', 'http://a.example/', false],
    ['A.Example', 'http://a.example/', true],
    ['a.example:80', 'http://a.example/', true],
    ['a.example:81', 'http://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['x, ,a.example', 'http://a.example/', true],
    ['10.0.0.1', 'http://10.0.0.1:5000/', true],
    ['10.0.0.1:5000', 'http://10.0.0.1:5000/', true],
    ['10.0.0.1:5001', 'http://10.0.0.1:5000/', false],
    ['0.0.1', 'http://10.0.0.1/', false],
    ['10.0.0.0/8', 'http://10.9.9.9/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['10.0.0.0/8', 'http://a.example/', false],
    ['10.0.0.0/33', 'http://10.0.0.1/', false],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['fd00::/8', 'http://[fe12::1]/', false],
    ['fd12::1', 'http://[fd12::1]/', true],
    ['[fd12::1]:80', 'http://[fd12::1]/', true],
    ['', 'http://a.example/', false],
  ])('NO_PROXY=%s and %s: %s', (list, url, isDirect) => {
    expect(proxyFromEnvironment({ ...env, NO_PROXY: list })(url) === undefined).toBe(isDirect)
    expect(proxyFromEnvironment({ ...env, no_proxy: list })(url) === undefined).toBe(isDirect)
  })

  it('shows nothing of a value that is not a URL', () => {
    expect(() => proxyFromEnvironment({ HTTP_PROXY: 'http://u:S3CR3T@' })).toThrow(/^(?!.*S3CR3T)Cannot read a proxy/)
  })
})
