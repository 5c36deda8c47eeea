import type { HttpRequest, HttpResponse } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { describe, expect, it } from 'vitest'

import { createRegistryClient, type RegistryClientOptions } from '../client.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { failureFields, imageRegistry, listOf, refusal, serveImage } from '../test/image-registry.ts'
import { tokenAnswer } from '../test/token-registry.ts'

const { image } = await imageRegistry()
const login = { username: 'u', password: 'S3CR3T' }
const tag = parseReference('registry.example/repo:v1')
const BEARER = 'Bearer realm="https://auth.registry.example/token",service="registry.example"'

interface Hiding {
  readonly repository: RepositoryClient
  readonly requests: HttpRequest[]
  /** `GET /v2/ -` for a request without a login, `+` for one with. */
  steps(): string[]
}

/** A registry that hides what it has from those without a login, and says only at its root that it takes one. */
function hiding(status: number, challenge: string, options: Partial<RegistryClientOptions> = {}): Hiding {
  const requests: HttpRequest[] = []
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    requests.push(request)
    const { pathname } = new URL(request.url)
    const own = request.headers['authorization']
    if (pathname === '/token')
      return own !== `Basic ${btoa('u:S3CR3T')}` ? refusal(401, 'UNAUTHORIZED') : tokenAnswer({ token: 't' })
    if (own === `Basic ${btoa('u:S3CR3T')}` || own === 'Bearer t') return serveImage(image, request)
    if (own !== undefined) return refusal(401, 'UNAUTHORIZED')
    if (pathname === '/v2/')
      return refusal(401, 'UNAUTHORIZED', challenge === '' ? {} : { 'www-authenticate': challenge })
    return refusal(status, 'NAME_UNKNOWN')
  }
  const client = createRegistryClient({ http, credentials: async () => login, ...options })
  const steps = (): string[] =>
    requests.map(({ method, url, headers }) => {
      const kind = new URL(url).pathname.replace(/^\/v2\/repo\/(\w+)\/.*/, '$1')
      return `${method} ${kind} ${headers['authorization'] === undefined ? '-' : '+'}`
    })
  return { repository: client.repository('registry.example/repo'), requests, steps }
}

describe('a registry that hides what it has from those without a login', () => {
  it.each([
    [404, 'Basic realm="r"'],
    [404, BEARER],
    [403, 'Basic realm="r"'],
    [403, BEARER],
  ])('with %i is asked at its root for the challenge: %s', async (status, challenge) => {
    const { repository, steps } = hiding(status, challenge)
    expect((await repository.resolve(tag)).digest).toBe(image.manifest.digest)
    const root = [
      'HEAD manifests -',
      'GET /v2/ -',
      ...(challenge === BEARER ? ['GET /token +'] : []),
      'HEAD manifests +',
    ]
    expect(steps()).toEqual(root)
    expect(await listOf(repository.tags())).toEqual(['v1'])
    expect(await repository.has(image.config)).toBe(true)
    await listOf(repository.fetch(image.config))
    // Lists have a token of their own, and everything else has the one that was got before.
    expect(steps().filter((step) => step.endsWith('-') && step.includes('blobs'))).toEqual([])
  })

  it('takes uploads with a login', async () => {
    const { requests, repository } = hiding(404, 'Basic realm="r"')
    expect(await repository.mount(image.config, { domain: 'registry.example', path: 'other' })).toBe(false)
    const posts = requests.filter(({ method }) => method === 'POST')
    expect(posts.map(({ headers }) => headers['authorization'] !== undefined)).toEqual([false, true])
  })

  it('gets no further request from users without a login', async () => {
    const { repository, steps } = hiding(404, 'Basic realm="r"', { credentials: async () => undefined })
    expect(await failureFields(repository.resolve(tag))).toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
    expect(steps()).toEqual(['HEAD manifests -', 'GET manifests -'])
    expect(await repository.has(image.config)).toBe(false)
    expect(steps()).toHaveLength(3)
  })

  it.each([
    ['no challenge', ''],
    ['an unknown one', 'Negotiate'],
  ])('has what it says where its root has %s, which is asked once a minute', async (_, challenge) => {
    let nowMs = 0
    const { repository, steps } = hiding(404, challenge, { now: () => nowMs })
    for (let count = 0; count < 3; count++) expect(await repository.has(image.config)).toBe(false)
    expect(steps()).toEqual(['HEAD blobs -', 'GET /v2/ -', 'HEAD blobs -', 'HEAD blobs -'])
    nowMs = 61_000
    expect(await repository.has(image.config)).toBe(false)
    expect(steps().filter((step) => step.includes('/v2/'))).toHaveLength(2)
  })

  it.each(['Basic realm="r"', BEARER])('says that the login is wrong when it is: %s', async (challenge) => {
    const { repository } = hiding(404, challenge, { credentials: async () => ({ ...login, password: 'x' }) })
    expect(await failureFields(repository.resolve(tag))).toMatchObject({ code: 'ERR_REGISTRY_UNAUTHORIZED' })
  })

  it('keeps its answer where the login cannot be read', async () => {
    const credentials = (): Promise<never> => Promise.reject(new Error('the helper is not installed'))
    const { repository } = hiding(404, 'Basic realm="r"', { credentials })
    expect(await repository.has(image.config)).toBe(false)
  })
})
