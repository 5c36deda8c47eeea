import type { HttpClient } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createTransport } from '../http/transport.ts'
import { answer, failureFields } from '../test/image-registry.ts'
import { tokenAnswer } from '../test/token-registry.ts'
import { fetchToken, tokenLifeMs, type Token, type TokenRequest } from './token.ts'

async function ask(http: HttpClient, wanted: Partial<TokenRequest> = {}): Promise<Token> {
  const { signal } = new AbortController()
  const realm = new URL('https://auth.example/token?kept=1')
  const defaults = { realm, service: 's', scopes: [], credentials: undefined, userAgent: 'x', now: () => 0, signal }
  return await fetchToken(createTransport(http), { ...defaults, ...wanted })
}

describe('fetchToken()', () => {
  it.each([
    [{ token: 't' }, 't'],
    [{ access_token: 'a' }, 'a'],
    [{ access_token: 'a', token: 't' }, 'a'],
    [{ access_token: '', token: 't' }, 't'],
  ])('reads the token of %j', async (value, text) => {
    expect((await ask(async () => tokenAnswer(value))).text).toBe(text)
  })

  it.each([
    [{}],
    [{ token: '' }],
    [{ token: 5 }],
    [{ token: 'a\r\nX-Evil: 1' }],
    [{ token: 'a b' }],
    [{ token: 'a'.repeat(65_537) }],
    [null],
    [[]],
  ])('refuses %#', async (value) => {
    expect(await failureFields(ask(async () => tokenAnswer(value)))).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it.each([
    ['no codes', undefined],
    ['a code that sounds like the registry', '{"errors":[{"code":"NAME_UNKNOWN"}]}'],
  ])('does not take a 404 with %s for one of the registry', async (_, body) => {
    const error = await failureFields(ask(async () => answer(404, {}, body ?? '404 page not found')))
    expect(error).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL', doubtful: true })
    expect(error.message).toContain('the token server answered 404')
  })

  it('shows nothing of an answer that cannot be read', async () => {
    const error = await failureFields(ask(async () => answer(200, {}, '{"token":"TOK3N"')))
    expect(error).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL', cause: undefined })
    expect(JSON.stringify(error)).not.toContain('TOK3N')
  })

  it('reads no more than 1 MiB', async () => {
    expect(await failureFields(ask(async () => answer(200, {}, new Uint8Array(1024 * 1024 + 1))))).toMatchObject({
      code: 'ERR_REGISTRY_PROTOCOL',
    })
  })

  it('keeps the query of the realm', async () => {
    const urls: string[] = []
    const http: HttpClient = async ({ url }) => {
      urls.push(url)
      return tokenAnswer({ token: 't' })
    }
    await ask(http, { scopes: ['a:b:c', 'd:e:f'], credentials: { username: 'ü', password: 'p:ß' } })
    expect(urls).toEqual(['https://auth.example/token?kept=1&service=s&scope=a%3Ab%3Ac&scope=d%3Ae%3Af&account=%C3%BC'])
  })

  it('sends name and password as UTF-8', async () => {
    let header: string | undefined
    const http: HttpClient = async ({ headers }) => {
      header = headers['authorization']
      return tokenAnswer({ token: 't' })
    }
    await ask(http, { credentials: { username: 'ü', password: 'p:ß' } })
    expect(header).toBe(`Basic ${Buffer.from('ü:p:ß').toString('base64')}`)
  })

  it.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 'x', null])(
    'leaves an issued_at of %s alone',
    async (at) => {
      const http: HttpClient = async () => tokenAnswer({ token: 't', expires_in: 300, issued_at: at })
      expect(await ask(http)).toMatchObject({ text: 't', lifeMs: 300_000 })
    },
  )

  it('gives up on a token server that does not answer', async () => {
    const http: HttpClient = async ({ signal }) =>
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    // A timer of its own keeps the process waiting; the one of the timeout does not.
    const alive = setInterval(() => {}, 1000)
    try {
      expect(await failureFields(ask(http, { timeoutMs: 5 }))).toMatchObject({
        code: 'ERR_REGISTRY_UNREACHABLE',
        reason: 'headers-timeout',
        host: 'auth.example',
        retryable: true,
      })
    } finally {
      clearInterval(alive)
    }
  })
})

describe('tokenLifeMs()', () => {
  it.each([
    [300, 300_000],
    [60, 60_000],
    [59, 60_000],
    [0, 60_000],
    [-1, 60_000],
    [undefined, 60_000],
    ['300', 60_000],
    [Number.NaN, 60_000],
    [1e18, 86_400_000],
    [Infinity, 86_400_000],
  ])('turns %s seconds into %i ms', (seconds, wanted) => {
    expect(tokenLifeMs(seconds)).toBe(wanted)
  })
})
