import { fromBytes } from '@drayage/bytes'
import type { HttpClient, HttpRequest } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createTransport } from './transport.ts'
import { answer, failureFields } from '../test/image-registry.ts'

const A = 'https://a.example/v2/x'
const headers = { authorization: 'Bearer TOK3N', cookie: 'c', 'x-registry-auth': 's', accept: 'a', range: 'bytes=1-' }

/** A web of pages: each URL redirects to the next one or answers 200. */
function web(hops: Readonly<Record<string, string>>, status = 307): { http: HttpClient; seen: HttpRequest[] } {
  const seen: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    seen.push(request)
    const location = hops[request.url]
    return location === undefined ? answer(200, {}, 'here') : answer(status, { location })
  }
  return { http, seen }
}

describe('createTransport()', () => {
  it.each([301, 302, 303, 307, 308])('follows %i and tells where it came to', async (status) => {
    const { http, seen } = web({ [A]: '/v2/y' }, status)
    const response = await createTransport(http)({ method: 'HEAD', url: A, headers })
    expect(response.url).toBe('https://a.example/v2/y')
    expect(seen.map((request) => [request.method, request.headers])).toEqual([
      ['HEAD', headers],
      ['HEAD', headers],
    ])
  })

  it.each(['https://b.example/x', 'https://a.example:444/x'])('drops credentials on the way to %s', async (target) => {
    const { http, seen } = web({ [A]: target })
    await createTransport(http)({ method: 'GET', url: A, headers })
    expect(seen[1]?.headers).toEqual({ accept: 'a', range: 'bytes=1-' })
  })

  it('does not restore credentials on the way back', async () => {
    const { http, seen } = web({ [A]: 'https://b.example/x', 'https://b.example/x': 'https://a.example/z' })
    const response = await createTransport(http)({ method: 'GET', url: A, headers })
    expect(response.url).toBe('https://a.example/z')
    expect(seen.map((request) => request.headers['authorization'])).toEqual(['Bearer TOK3N', undefined, undefined])
  })

  it.each([
    ['http://a.example/x', 'downgrade'],
    ['https://127.0.0.1:2375/version', 'address'],
    ['https://169.254.169.254/', 'address'],
    ['file:///etc/passwd', 'scheme'],
  ])('refuses %s', async (target, reason) => {
    const { http, seen } = web({ [A]: target })
    expect(await failureFields(createTransport(http)({ method: 'GET', url: A, headers }))).toMatchObject({
      code: 'ERR_URL_REFUSED',
      reason,
    })
    expect(seen).toHaveLength(1)
  })

  it('judges each hop by the one before', async () => {
    const { http } = web({ 'http://localhost:1/': 'https://b.example/', 'https://b.example/': 'https://localhost:2/' })
    const work = createTransport(http)({ method: 'GET', url: 'http://localhost:1/', headers })
    expect(await failureFields(work)).toMatchObject({ reason: 'address' })
  })

  it('follows ten redirects and no more', async () => {
    const chain = (length: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length }, (_, hop) => [`https://a.example/${hop}`, `/${hop + 1}`]))
    const ten = web(chain(10))
    expect((await createTransport(ten.http)({ method: 'GET', url: 'https://a.example/0', headers })).status).toBe(200)
    const twelve = web(chain(12))
    const work = createTransport(twelve.http)({ method: 'GET', url: 'https://a.example/0', headers })
    expect(await failureFields(work)).toMatchObject({ reason: 'redirects' })
    expect(twelve.seen).toHaveLength(11)
    const self = web({ [A]: A })
    expect(await failureFields(createTransport(self.http)({ method: 'GET', url: A, headers }))).toMatchObject({
      reason: 'redirects',
    })
  })

  const WRITES = ['POST', 'PATCH', 'PUT', 'DELETE']

  it.each(WRITES.flatMap((method) => [301, 302, 307, 308].map((status) => [method, status] as const)))(
    'follows a %s at %i with its method and body, and without credentials on another host',
    async (method, status) => {
      const hops = { [A]: '/v2/y', 'https://a.example/v2/y': 'https://b.example/z' }
      const bodies: string[] = []
      const { http, seen } = web(hops, status)
      const reading: HttpClient = async (request) => {
        bodies.push(Buffer.concat(await Array.fromAsync(request.body ?? [])).toString())
        return await http(request)
      }
      const replay = (): AsyncIterable<Uint8Array> => fromBytes('content')
      const content = method === 'DELETE' ? {} : { body: replay(), replay }
      const response = await createTransport(reading)({ method, url: A, headers, ...content })
      expect(response).toMatchObject({ status: 200, url: 'https://b.example/z' })
      expect(seen.map((request) => [request.method, request.headers['authorization']])).toEqual([
        [method, 'Bearer TOK3N'],
        [method, 'Bearer TOK3N'],
        [method, undefined],
      ])
      expect(bodies).toEqual(Array.from({ length: 3 }, () => (method === 'DELETE' ? '' : 'content')))
    },
  )

  it.each(WRITES)('hands a 303 to %s back, which names another resource', async (method) => {
    const { http, seen } = web({ [A]: 'https://b.example/' }, 303)
    expect((await createTransport(http)({ method, url: A, headers })).status).toBe(303)
    expect(seen).toHaveLength(1)
  })

  it.each([
    ['http://a.example/x', 'downgrade'],
    ['https://127.0.0.1:2375/images/create', 'address'],
    ['https://u:p@b.example/', 'user-info'],
  ])('refuses to send a body to %s', async (target, reason) => {
    const { http, seen } = web({ [A]: target })
    const replay = (): AsyncIterable<Uint8Array> => fromBytes('content')
    const work = createTransport(http)({ method: 'PUT', url: A, headers, body: replay(), replay })
    expect(await failureFields(work)).toMatchObject({ code: 'ERR_URL_REFUSED', reason })
    expect(seen).toHaveLength(1)
  })

  it('hands the redirect of a body back that cannot be given again', async () => {
    const { http, seen } = web({ [A]: '/v2/y' })
    const request = { method: 'PATCH', url: A, headers, body: fromBytes('content') }
    expect((await createTransport(http)(request)).status).toBe(307)
    expect(seen).toHaveLength(1)
  })

  it('returns a redirect without Location', async () => {
    for (const headersOf302 of [{}, { location: '' }]) {
      const http: HttpClient = async () => answer(302, headersOf302)
      expect((await createTransport(http)({ method: 'GET', url: A, headers })).status).toBe(302)
    }
  })
})
