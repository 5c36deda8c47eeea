import type { HttpRequest } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { authorize } from './authorize.ts'
import type { CredentialOptions } from './credentials.ts'
import { createTransport } from '../http/transport.ts'
import { answer, failureFields, listOf, refusal } from '../test/image-registry.ts'
import { CHALLENGE, TAGS, tokenAnswer, tokenRegistry } from '../test/token-registry.ts'

const login = { username: 'u', password: 'S3CR3T' }
const basic = `Basic ${btoa('u:S3CR3T')}`

describe('authorize()', () => {
  it('asks without a token first, then answers the challenge, then keeps the token', async () => {
    const { tags, requests, tokenRequests } = tokenRegistry()
    expect(await tags()).toEqual(['v1'])
    expect(await tags()).toEqual(['v1'])
    expect(requests.map(({ url, headers }) => [new URL(url).pathname, headers['authorization']])).toEqual([
      ['/v2/repo/tags/list', undefined],
      ['/token', undefined],
      ['/v2/repo/tags/list', 'Bearer t1'],
      ['/v2/repo/tags/list', 'Bearer t1'],
    ])
    const asked = new URL(tokenRequests()[0]?.url ?? '')
    expect([...asked.searchParams]).toEqual([
      ['service', 'registry.example'],
      ['scope', 'repository:repo:pull'],
    ])
  })

  it('asks for the scope that the challenge names', async () => {
    const { tags, tokenRequests } = tokenRegistry({
      challenge: `${CHALLENGE},scope="repository:repo:metadata_read a:b:c"`,
    })
    await tags()
    const asked = new URL(tokenRequests()[0]?.url ?? '')
    expect(asked.searchParams.getAll('scope')).toEqual(['repository:repo:metadata_read', 'a:b:c'])
  })

  it('forgets a challenge whose token server gives no token, so that a mistaken 401 does not last', async () => {
    let isMistaken = true
    const { tags, requests, tokenRequests } = tokenRegistry({
      token: () => refusal(404, 'UNKNOWN'),
      registry: () => (isMistaken ? undefined : TAGS()),
    })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
    isMistaken = false
    expect(await tags()).toEqual(['v1'])
    expect(await tags()).toEqual(['v1'])
    expect(tokenRequests()).toHaveLength(1)
    expect(requests.at(-1)?.headers['authorization']).toBeUndefined()
  })

  it('sends name and password to the token server, never to the registry', async () => {
    const asked: [string, CredentialOptions | undefined][] = []
    const { tags, requests, tokenRequests } = tokenRegistry({
      credentials: async (host, options) => {
        asked.push([host, options])
        return login
      },
    })
    await tags()
    expect(asked.map(([host, options]) => [host, options?.path])).toEqual([['registry.example', 'repo']])
    expect(tokenRequests()[0]?.headers['authorization']).toBe(basic)
    expect(new URL(tokenRequests()[0]?.url ?? '').searchParams.get('account')).toBe('u')
    expect(requests.filter(({ headers }) => headers['authorization'] === basic)).toHaveLength(1)
  })

  it('exchanges an identity token by POST', async () => {
    const bodies: string[] = []
    const { tags, tokenRequests } = tokenRegistry({
      login: { identityToken: 'id+/=' },
      token: async ({ body }) => {
        for await (const chunk of body ?? []) bodies.push(new TextDecoder().decode(chunk))
        return tokenAnswer({ access_token: 'a', token: 'b' })
      },
      accepts: (token) => token === 'a',
    })
    expect(await tags()).toEqual(['v1'])
    expect(tokenRequests().map(({ method, headers }) => [method, headers['authorization']])).toEqual([
      ['POST', undefined],
    ])
    expect(Object.fromEntries(new URLSearchParams(bodies.join('')))).toEqual({
      grant_type: 'refresh_token',
      service: 'registry.example',
      scope: 'repository:repo:pull',
      client_id: 'docker',
      refresh_token: 'id+/=',
    })
  })

  it('sends a registry token as it is', async () => {
    const { tags, tokenRequests } = tokenRegistry({
      login: { registryToken: 'mine' },
      accepts: (token) => token === 'mine',
    })
    expect(await tags()).toEqual(['v1'])
    expect(tokenRequests()).toHaveLength(0)
    const refused = tokenRegistry({ login: { registryToken: 'mine' }, accepts: () => false })
    expect(await failureFields(refused.tags())).toMatchObject({ code: 'ERR_REGISTRY_UNAUTHORIZED' })
  })

  it('answers Basic, and Bearer when there are both', async () => {
    const registry = (request: HttpRequest) => (request.headers['authorization'] === basic ? TAGS() : undefined)
    const plain = tokenRegistry({ challenge: 'Basic realm="x"', login, registry })
    expect(await plain.tags()).toEqual(['v1'])
    expect(await plain.tags()).toEqual(['v1'])
    expect(plain.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, basic, basic])
    const both = tokenRegistry({ challenge: `Basic realm="x", ${CHALLENGE}`, login })
    await both.tags()
    expect(both.tokenRequests()).toHaveLength(1)
  })

  it.each([
    ['no credentials', {}],
    ['wrong credentials', { login }],
    ['an identity token', { login: { identityToken: 'x' } }],
  ])('gives the 401 of a Basic registry back with %s', async (_, options) => {
    const { tags } = tokenRegistry({ challenge: 'Basic realm="x"', ...options })
    expect(await failureFields(tags())).toMatchObject({
      code: 'ERR_REGISTRY_UNAUTHORIZED',
      codes: ['UNAUTHORIZED'],
      status: 401,
    })
  })

  it('returns a 401 with an unknown challenge', async () => {
    const { tags } = tokenRegistry({ challenge: 'Negotiate' })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_UNAUTHORIZED' })
  })

  it('looks for the challenge at the root when a 401 has none', async () => {
    const registry = ({ url, headers }: HttpRequest) => {
      if (headers['authorization'] !== undefined) return undefined
      return new URL(url).pathname === '/v2/' ? undefined : answer(401)
    }
    const { tags, requests } = tokenRegistry({ registry })
    expect(await tags()).toEqual(['v1'])
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual([
      '/v2/repo/tags/list',
      '/v2/',
      '/token',
      '/v2/repo/tags/list',
    ])
  })

  it('fetches one token for any number of concurrent requests', async () => {
    const { tags, tokenRequests } = tokenRegistry()
    await Promise.all(Array.from({ length: 20 }, () => tags()))
    expect(tokenRequests()).toHaveLength(1)
  })

  it('renews a refused token once for all requests that it was refused to', async () => {
    let good = 't1'
    const { tags, tokenRequests } = tokenRegistry({ accepts: (token) => token === good })
    await tags()
    good = 't2'
    expect(await Promise.all(Array.from({ length: 20 }, () => tags()))).toHaveLength(20)
    expect(tokenRequests()).toHaveLength(2)
  })

  it('stops after one new token that is refused too', async () => {
    const { tags, requests } = tokenRegistry({ accepts: () => false })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_UNAUTHORIZED' })
    expect(requests).toHaveLength(3)
  })

  it('renews a token after 80 % of its life, and uses it to its end when that fails', async () => {
    let clock = 0
    const { tags, requests, tokenRequests } = tokenRegistry({
      now: () => clock,
      token: (_, count) => (count === 2 ? answer(503) : tokenAnswer({ token: `t${count}`, expires_in: 100 })),
    })
    const at = async (ms: number): Promise<unknown> => {
      clock = ms
      await tags()
      return [requests.at(-1)?.headers['authorization'], tokenRequests().length]
    }
    expect(await at(0)).toEqual(['Bearer t1', 1])
    expect(await at(79_000)).toEqual(['Bearer t1', 1])
    expect(await at(81_000)).toEqual(['Bearer t1', 2])
    expect(await at(82_000)).toEqual(['Bearer t3', 3])
  })

  it('retries a public pull without credentials that are denied', async () => {
    const registry = ({ headers }: HttpRequest) =>
      headers['authorization'] === 'Bearer t1' ? refusal(403, 'DENIED') : undefined
    const { tags, events, tokenRequests, requests } = tokenRegistry({ login, registry })
    expect(await tags()).toEqual(['v1'])
    expect(tokenRequests().map(({ headers }) => headers['authorization'])).toEqual([basic, undefined])
    expect(events).toEqual([{ type: 'anonymous-fallback', host: 'registry.example', repository: 'repo' }])
    expect(await tags()).toEqual(['v1'])
    expect(requests.at(-1)?.headers['authorization']).toBe('Bearer t2')
  })

  it('throws the denial when an anonymous pull is denied too', async () => {
    const registry = ({ headers }: HttpRequest) =>
      headers['authorization'] === undefined ? undefined : refusal(403, 'DENIED')
    const { tags, events } = tokenRegistry({ login, registry })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_DENIED', codes: ['DENIED'] })
    expect(events).toEqual([])
  })

  it('retries a pull without credentials that the token server denies', async () => {
    const { tags, events } = tokenRegistry({
      login,
      token: ({ headers }) =>
        headers['authorization'] === undefined ? tokenAnswer({ token: 't' }) : refusal(403, 'DENIED'),
    })
    expect(await tags()).toEqual(['v1'])
    expect(events).toHaveLength(1)
  })

  it('reports wrong credentials at the token server without showing them', async () => {
    const { tags } = tokenRegistry({ login, token: () => refusal(401, 'UNAUTHORIZED') })
    const error = await failureFields(tags())
    expect(error).toMatchObject({
      code: 'ERR_REGISTRY_UNAUTHORIZED',
      url: 'https://auth.registry.example/token?service=***&scope=***&account=***',
    })
    expect(JSON.stringify(error) + String(error['message'])).not.toMatch(/S3CR3T|UzNDUjNU/)
  })

  it.each([
    ['file:///etc/passwd', 'scheme'],
    ['http://169.254.169.254/latest/', 'downgrade'],
    ['https://169.254.169.254/token', 'address'],
    ['https://0.0.0.0:1/token', 'address'],
    ['https://[::ffff:127.0.0.1]/token', 'address'],
    ['https://127.0.0.1/token', 'address'],
    ['https://u:p@evil.example/token', 'user-info'],
    ['http://auth.registry.example/token', 'downgrade'],
  ])('never asks the realm %s', async (realm, reason) => {
    const { tags, requests } = tokenRegistry({ login, challenge: `Bearer realm="${realm}"` })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_URL_REFUSED', reason })
    expect(requests).toHaveLength(1)
  })

  it('asks a token server of another domain without credentials', async () => {
    const { tags, tokenRequests } = tokenRegistry({ login, challenge: 'Bearer realm="https://evil.example.org/token"' })
    expect(await tags()).toEqual(['v1'])
    expect(tokenRequests().map(({ url, headers }) => [new URL(url).host, headers['authorization']])).toEqual([
      ['evil.example.org', undefined],
    ])
    const id = tokenRegistry({
      login: { identityToken: 'x' },
      challenge: 'Bearer realm="https://evil.example.org/token"',
    })
    await id.tags()
    expect(id.tokenRequests().map(({ method }) => method)).toEqual(['GET'])
  })

  it('does not follow a realm to a nearer address', async () => {
    const { tags, requests } = tokenRegistry({
      login,
      token: () => answer(302, { location: 'https://10.0.0.1/token' }),
    })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_URL_REFUSED', reason: 'address' })
    expect(requests).toHaveLength(2)
  })

  it('ignores a 401 that another origin gave after a redirect', async () => {
    const registry = ({ url, headers }: HttpRequest) => {
      const isRegistry = url.startsWith('https://registry.example/')
      if (!isRegistry) return answer(401, { 'www-authenticate': 'Bearer realm="https://evil.example/token"' })
      return headers['authorization'] === undefined ? undefined : answer(307, { location: 'https://evil.example/x' })
    }
    const { tags, requests } = tokenRegistry({ login, registry })
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY', status: 401, retryable: true })
    expect(requests.map(({ url, headers }) => [new URL(url).host, headers['authorization']])).toEqual([
      ['registry.example', undefined],
      ['auth.registry.example', basic],
      ['registry.example', 'Bearer t1'],
      ['evil.example', undefined],
    ])
  })

  it('refuses a malformed challenge', async () => {
    for (const challenge of ['Bearer realm="', ','.repeat(100_000), '\\"'.repeat(8_000)]) {
      const { tags, requests } = tokenRegistry({ challenge })
      expect(await failureFields(tags())).toMatchObject({
        code: 'ERR_REGISTRY_PROTOCOL',
        cause: { code: 'ERR_CHALLENGE_SYNTAX' },
      })
      expect(requests).toHaveLength(1)
    }
  })

  it('returns the 401 of a request with a body, and authorises the next request', async () => {
    const seen: (string | undefined)[] = []
    const routed = createTransport(async ({ url, headers }) => {
      if (new URL(url).pathname === '/token') return tokenAnswer({ token: 't' })
      seen.push(headers['authorization'])
      return headers['authorization'] === undefined
        ? refusal(401, 'UNAUTHORIZED', { 'www-authenticate': CHALLENGE })
        : answer(201)
    })
    const options = {
      host: 'registry.example',
      credentials: undefined,
      userAgent: 'x',
      now: () => 0,
      onEvent: () => {},
    }
    const http = authorize(routed, options)
    const put = () =>
      http({
        method: 'PUT',
        url: 'https://registry.example/v2/repo/manifests/v1',
        headers: {},
        body: answer(0, {}, 'x').body,
      })
    expect((await put()).status).toBe(401)
    expect((await put()).status).toBe(201)
    expect(seen).toEqual([undefined, 'Bearer t'])
  })

  it('rejects an aborted request while the others get the token', async () => {
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const { repository, tags } = tokenRegistry({
      token: async () => {
        started.resolve()
        await gate.promise
        return tokenAnswer({ token: 't' })
      },
    })
    const controller = new AbortController()
    const first = listOf(repository.tags({ signal: controller.signal }))
    const second = tags()
    await started.promise
    const reason = new Error('mine')
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    gate.resolve()
    expect(await second).toEqual(['v1'])
  })
})
