import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { Credentials } from './credentials.ts'
import { ALL_USES } from '../endpoints/registry-endpoint.ts'
import { answer, failureFields } from '../test/image-registry.ts'

const ALICE: Credentials = { username: 'alice', password: 'secret' }
const BEARER = 'Bearer realm="https://auth.registry.example/token",service="registry.example"'

interface Login {
  readonly requests: HttpRequest[]
  readonly check: (credentials?: Credentials, domain?: string) => Promise<unknown>
}

function login(
  respond: (url: URL, authorization: string | undefined) => HttpResponse,
  own: Credentials = ALICE,
): Login {
  const requests: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    return respond(new URL(request.url), request.headers['authorization'])
  }
  const client = createRegistryClient({ http, credentials: async () => ({ username: 'other', password: 'other' }) })
  return { requests, check: (credentials = own, domain = 'registry.example') => client.checkLogin(domain, credentials) }
}

const asked = (requests: readonly HttpRequest[]): string[] => requests.map(({ method, url }) => `${method} ${url}`)
const tokenServer =
  (challenge: string, token: () => HttpResponse) =>
  (url: URL, authorization: string | undefined): HttpResponse => {
    if (url.pathname === '/token') return token()
    return authorization === 'Bearer T' ? answer(200) : answer(401, { 'www-authenticate': challenge })
  }

describe('checkLogin()', () => {
  it('proves name and password, and gives the identity token', async () => {
    const { check, requests } = login(tokenServer(BEARER, () => answer(200, {}, '{"token":"T","refresh_token":"R"}')))
    expect(await check()).toEqual({ identityToken: 'R' })
    expect(asked(requests)).toEqual([
      'GET https://registry.example/v2/',
      'GET https://auth.registry.example/token?service=registry.example&offline_token=true&client_id=docker&account=alice',
      'GET https://registry.example/v2/',
    ])
    expect(requests[1]?.headers['authorization']).toBe(`Basic ${btoa('alice:secret')}`)
  })

  it('exchanges an identity token', async () => {
    const { check, requests } = login(tokenServer(BEARER, () => answer(200, {}, '{"access_token":"T"}')))
    expect(await check({ identityToken: 'I' })).toEqual({})
    expect(requests[1]?.method).toBe('POST')
  })

  it('asks Docker Hub at its registry', async () => {
    const { check, requests } = login(() => answer(200))
    expect(await check(ALICE, 'docker.io')).toEqual({})
    expect(asked(requests)).toEqual(['GET https://registry-1.docker.io/v2/'])
  })

  it('speaks Basic', async () => {
    const { check } = login((_, authorization) =>
      authorization === `Basic ${btoa('alice:secret')}`
        ? answer(200)
        : answer(401, { 'www-authenticate': 'Basic realm="x"' }),
    )
    expect(await check()).toEqual({})
    expect(await failureFields(check({ username: 'alice', password: 'wrong' }))).toMatchObject({
      code: 'ERR_REGISTRY_UNAUTHORIZED',
    })
  })

  it.each([401, 403])('is not satisfied with what is public when the token server answers %d', async (status) => {
    const { check, requests } = login((url, authorization) => {
      if (url.pathname === '/token')
        return authorization === undefined ? answer(200, {}, '{"token":"T"}') : answer(status)
      return authorization === 'Bearer T' ? answer(200) : answer(401, { 'www-authenticate': BEARER })
    })
    expect(await failureFields(check())).toMatchObject({ status })
    expect(requests.filter(({ url }) => url.includes('/token'))).toHaveLength(1)
  })

  it('shows no credentials to a token server of another domain', async () => {
    const { check, requests } = login(
      tokenServer('Bearer realm="https://evil.example/token"', () => answer(200, {}, '{"token":"T"}')),
    )
    expect(await failureFields(check())).toMatchObject({ code: 'ERR_URL_REFUSED', reason: 'origin' })
    expect(asked(requests)).toEqual(['GET https://registry.example/v2/'])
  })

  it('asks no mirror', async () => {
    const hosts: string[] = []
    const client = createRegistryClient({
      http: async ({ url }) => {
        hosts.push(new URL(url).host)
        return answer(200)
      },
      endpoints: async () => [
        { url: 'https://m.example', uses: ALL_USES, isMirror: true },
        { url: 'https://registry.example', uses: ALL_USES, isMirror: false },
      ],
    })
    await client.checkLogin('registry.example', ALICE)
    expect(hosts).toEqual(['registry.example'])
  })
})
