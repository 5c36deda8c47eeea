import type { HttpClient, HttpRequest } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { followRedirects } from './redirects.ts'
import { answer, failureFields } from './test/image-registry.ts'

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

describe('followRedirects()', () => {
  it.each([301, 302, 303, 307, 308])('follows %i and tells where it came to', async (status) => {
    const { http, seen } = web({ [A]: '/v2/y' }, status)
    const response = await followRedirects(http)({ method: 'HEAD', url: A, headers })
    expect(response.url).toBe('https://a.example/v2/y')
    expect(seen.map((request) => [request.method, request.headers])).toEqual([
      ['HEAD', headers],
      ['HEAD', headers],
    ])
  })

  it.each(['https://b.example/x', 'https://a.example:444/x'])(
    'S12 F13 leaves credentials behind on the way to %s',
    async (target) => {
      const { http, seen } = web({ [A]: target })
      await followRedirects(http)({ method: 'GET', url: A, headers })
      expect(seen[1]?.headers).toEqual({ accept: 'a', range: 'bytes=1-' })
    },
  )

  it('S12 does not take them up again on the way back', async () => {
    const { http, seen } = web({ [A]: 'https://b.example/x', 'https://b.example/x': 'https://a.example/z' })
    const response = await followRedirects(http)({ method: 'GET', url: A, headers })
    expect(response.url).toBe('https://a.example/z')
    expect(seen.map((request) => request.headers['authorization'])).toEqual(['Bearer TOK3N', undefined, undefined])
  })

  it.each([
    ['http://a.example/x', 'downgrade'],
    ['https://127.0.0.1:2375/version', 'address'],
    ['https://169.254.169.254/', 'address'],
    ['file:///etc/passwd', 'scheme'],
  ])('S12 S17 refuses %s', async (target, reason) => {
    const { http, seen } = web({ [A]: target })
    expect(await failureFields(followRedirects(http)({ method: 'GET', url: A, headers }))).toMatchObject({
      code: 'ERR_URL_REFUSED',
      reason,
    })
    expect(seen).toHaveLength(1)
  })

  it('S17 judges each hop by the one before', async () => {
    const { http } = web({ 'http://localhost:1/': 'https://b.example/', 'https://b.example/': 'https://localhost:2/' })
    const work = followRedirects(http)({ method: 'GET', url: 'http://localhost:1/', headers })
    expect(await failureFields(work)).toMatchObject({ reason: 'address' })
  })

  it('S18 follows ten redirects and no more', async () => {
    const chain = (length: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length }, (_, hop) => [`https://a.example/${hop}`, `/${hop + 1}`]))
    const ten = web(chain(10))
    expect((await followRedirects(ten.http)({ method: 'GET', url: 'https://a.example/0', headers })).status).toBe(200)
    const twelve = web(chain(12))
    const work = followRedirects(twelve.http)({ method: 'GET', url: 'https://a.example/0', headers })
    expect(await failureFields(work)).toMatchObject({ reason: 'redirects' })
    expect(twelve.seen).toHaveLength(11)
    const self = web({ [A]: A })
    expect(await failureFields(followRedirects(self.http)({ method: 'GET', url: A, headers }))).toMatchObject({
      reason: 'redirects',
    })
  })

  it.each(['POST', 'PATCH', 'PUT', 'DELETE'])('S18 hands the redirect of a %s back', async (method) => {
    const { http, seen } = web({ [A]: 'https://b.example/' }, 301)
    expect((await followRedirects(http)({ method, url: A, headers })).status).toBe(301)
    expect(seen).toHaveLength(1)
  })

  it('hands a redirect without Location back', async () => {
    const http: HttpClient = async () => answer(302)
    expect((await followRedirects(http)({ method: 'GET', url: A, headers })).status).toBe(302)
  })
})
