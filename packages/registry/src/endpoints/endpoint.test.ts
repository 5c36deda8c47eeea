import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createRegistryClient, type RegistryClientOptions } from '../client.ts'
import { RegistryUnreachableError, type UnreachableReason } from '../errors/connection-errors.ts'
import type { RegistryEvent } from '../events.ts'
import { answer, failureFields, listOf } from '../test/image-registry.ts'
import { TAGS } from '../test/token-registry.ts'

type Respond = (url: URL) => HttpResponse | UnreachableReason

function asker(
  domain: string,
  respond: Respond,
  options: Partial<RegistryClientOptions> = {},
): { tags: () => Promise<string[]>; requests: HttpRequest[] } {
  const requests: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    const response = respond(new URL(request.url))
    if (typeof response !== 'string') return response
    const { method, url } = request
    throw new RegistryUnreachableError({ method, url, host: new URL(url).host, reason: response, retryable: true })
  }
  const repository = createRegistryClient({ http, ...options }).repository({ domain, path: 'repo' })
  return { tags: () => listOf(repository.tags()), requests }
}

const origins = (requests: readonly HttpRequest[]): string[] => requests.map(({ url }) => new URL(url).origin)

describe('endpoints', () => {
  it.each(['reset', 'tls', 'tls-untrusted', 'refused', 'protocol'] as const)(
    'never asks by http after https failed: %s',
    async (reason) => {
      const { tags, requests } = asker('registry.example', () => reason)
      expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE', reason })
      expect(origins(requests)).toEqual(['https://registry.example'])
    },
  )

  it('asks this machine by http, and keeps to it', async () => {
    const { tags, requests } = asker('localhost:5000', () => TAGS())
    await tags()
    await tags()
    expect(origins(requests)).toEqual(['http://localhost:5000', 'http://localhost:5000'])
  })

  it.each([
    ['closes', 'reset' as const],
    ['answers in another protocol', 'protocol' as const],
    ["answers as Go's server", answer(400, {}, 'Client sent an HTTP request to an HTTPS server.\n')],
    [
      'answers as nginx',
      answer(400, { 'content-type': 'text/plain' }, 'The plain HTTP request was sent to HTTPS port'),
    ],
  ])('asks by https where a plain request %s, and keeps to it', async (_, plain) => {
    const { tags, requests } = asker('localhost:5000', ({ protocol }) => (protocol === 'http:' ? plain : TAGS()))
    expect(await tags()).toEqual(['v1'])
    await tags()
    expect(origins(requests)).toEqual(['http://localhost:5000', 'https://localhost:5000', 'https://localhost:5000'])
  })

  it('throws the first failure when neither scheme works', async () => {
    const { tags } = asker('localhost:5000', ({ protocol }) => (protocol === 'http:' ? 'reset' : 'tls'))
    expect(await failureFields(tags())).toMatchObject({ reason: 'reset', retryable: true })
  })

  it('asks the port of https when that of http is refused, unless a port is given', async () => {
    const without = asker('localhost', ({ protocol }) => (protocol === 'http:' ? 'refused' : TAGS()))
    expect(await without.tags()).toEqual(['v1'])
    const given = asker('localhost:5000', () => 'refused')
    expect(await failureFields(given.tags())).toMatchObject({ reason: 'refused' })
    expect(given.requests).toHaveLength(1)
  })

  it('throws the error of any other 400', async () => {
    const { tags, requests } = asker('localhost:5000', () => answer(400, {}, 'no'))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY', status: 400 })
    expect(requests).toHaveLength(1)
  })

  it('asks the hosts of plainHttp by http', async () => {
    const { tags, requests } = asker('registry.lan:5000', () => TAGS(), {
      plainHttp: (host) => host === 'registry.lan:5000',
    })
    await tags()
    const none = asker('localhost:5000', () => TAGS(), { plainHttp: () => false })
    await none.tags()
    expect(origins([...requests, ...none.requests])).toEqual(['http://registry.lan:5000', 'https://localhost:5000'])
  })

  it('sends its user agent', async () => {
    const { tags, requests } = asker('registry.example', () => TAGS())
    await tags()
    const named = asker('registry.example', () => TAGS(), { userAgent: 'mine/1' })
    await named.tags()
    expect([...requests, ...named.requests].map(({ headers }) => headers['user-agent'])).toEqual(['drayage', 'mine/1'])
  })

  it('wraps what an unknown transport throws, and keeps it', async () => {
    const cause = new TypeError('fetch failed')
    const http: HttpClient = async () => {
      throw cause
    }
    const repository = createRegistryClient({ http }).repository('registry.example/repo')
    const error = await failureFields(listOf(repository.tags()))
    expect(error).toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
      reason: 'other',
      host: 'registry.example',
      cause,
      retryable: true,
    })
  })

  it("emits the registry's warning, and how many requests are left", async () => {
    const events: RegistryEvent[] = []
    const headers = {
      'content-type': 'application/json',
      warning: '299 - "old \\"thing\\" \u001b[2J"',
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '7;w=21600',
    }
    const { tags } = asker('registry.example', () => answer(200, headers, '{"tags":[]}'), {
      onEvent: (event) => events.push(event),
    })
    await tags()
    expect(events).toEqual([
      { type: 'warning', host: 'registry.example', text: '"old \\"thing\\" \\u001b[2J"' },
      { type: 'rate-limit', host: 'registry.example', limit: 100, remaining: 7 },
    ])
  })

  it.each(['', '299 - "', '199 - "x"', 'x'.repeat(100_000), `299 - "${'\\'.repeat(100_000)}`])(
    'ignores the malformed warning %#',
    async (warning) => {
      const events: RegistryEvent[] = []
      const { tags } = asker(
        'registry.example',
        () => answer(200, { warning, 'ratelimit-limit': 'x' }, '{"tags":[]}'),
        { onEvent: (event) => events.push(event) },
      )
      await tags()
      expect(events).toEqual([])
    },
  )
})
