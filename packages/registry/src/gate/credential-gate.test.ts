import { describe, expect, it } from 'vitest'

import { isOwnRealm } from './credential-gate.ts'

describe('isOwnRealm()', () => {
  it.each([
    ['https://registry-1.docker.io', 'https://auth.docker.io/token'],
    ['https://ghcr.io', 'https://ghcr.io/token'],
    ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['https://registry.example', 'https://registry.example:8443/token'],
    ['https://a.b.co.uk', 'https://auth.b.co.uk/token'],
    ['https://one.azurecr.io', 'https://one.azurecr.io/oauth2/token'],
    ['http://localhost:5000', 'http://localhost:5001/token'],
    ['http://127.0.0.1:5000', 'http://localhost:5001/token'],
    ['http://registry.lan:5000', 'http://registry.lan:5001/token'],
    ['https://10.0.0.1', 'https://10.0.0.1:8443/token'],
    ['https://dhi.io', 'https://auth.docker.io/token'],
  ])('%s may send credentials to %s', (registry, realm) => {
    expect(isOwnRealm(new URL(registry), new URL(realm))).toBe(true)
  })

  it.each([
    ['https://registry.example', 'https://evil.example.org/t'],
    ['https://registry.one.example', 'https://auth.two.example/t'],
    ['https://docker.io', 'https://evildocker.io/t'],
    ['https://docker.io', 'https://docker.io.evil/t'],
    ['https://one.azurecr.io', 'https://two.azurecr.io/oauth2/token'],
    ['https://a.co.uk', 'https://b.co.uk/t'],
    ['https://registry.example', 'http://registry.example/t'],
    ['http://registry.lan:5000', 'http://auth.registry.lan/t'],
    ['https://10.0.0.1', 'https://10.0.0.2/t'],
    ['https://8.8.8.8', 'https://9.8.8.8/t'],
    ['http://localhost:5000', 'http://10.0.0.1/t'],
    ['https://azurecr.io', 'https://x.azurecr.io/t'],
  ])('%s may not send credentials to %s', (registry, realm) => {
    expect(isOwnRealm(new URL(registry), new URL(realm))).toBe(false)
  })

  it('lets the owner trust further realms, by https', () => {
    const rule = (registry: string, realm: string): boolean =>
      registry === 'registry.example' && realm === 'sso.other.example'
    expect(isOwnRealm(new URL('https://registry.example'), new URL('https://sso.other.example/t'), rule)).toBe(true)
    expect(isOwnRealm(new URL('https://registry.example'), new URL('http://sso.other.example/t'), rule)).toBe(false)
    expect(isOwnRealm(new URL('https://another.example'), new URL('https://sso.other.example/t'), rule)).toBe(false)
  })
})
