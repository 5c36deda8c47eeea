import type { HttpRequest, HttpResponse } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { describe, expect, it } from 'vitest'

import { createRegistryClient, type RegistryClient } from '../client.ts'
import { registryItself, type RegistryEndpoint } from '../endpoints/registry-endpoint.ts'
import { failure, failureFields, listOf, refusal } from '../test/image-registry.ts'
import { TAGS, tokenAnswer } from '../test/token-registry.ts'

const login = { username: 'u', password: 'S3CR3T' }
const basic = `Basic ${btoa('u:S3CR3T')}`
const REALM = 'https://auth.elsewhere.example/token'

interface Scene {
  readonly client: RegistryClient
  tags(): Promise<string[]>
  /** Whether the token server has seen the login. */
  hasSeen(): boolean
}

/**
 * A registry whose token server is elsewhere.
 *
 * @param refuses how those without a login are refused: by the token server, or by the registry with a status
 */
function scene(refuses: 'token' | 401 | 403 | 404, trust: Partial<RegistryEndpoint> = {}, realm = REALM): Scene {
  let hasSeen = false
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    const own = request.headers['authorization']
    if (new URL(request.url).pathname === '/token') {
      hasSeen ||= own === basic
      if (own !== basic && refuses === 'token') return refusal(401, 'UNAUTHORIZED')
      return tokenAnswer({ token: own === basic ? 'mine' : 'anyone' })
    }
    if (own === 'Bearer mine') return TAGS()
    const challenge = { 'www-authenticate': `Bearer realm="${realm}",service="s"` }
    return own === undefined || refuses === 'token'
      ? refusal(401, 'UNAUTHORIZED', challenge)
      : refusal(refuses, 'DENIED', challenge)
  }
  const endpoints = async (): Promise<RegistryEndpoint[]> => [
    { ...registryItself('registry.example', () => false), ...trust },
  ]
  const client = createRegistryClient({ http, credentials: async () => login, endpoints })
  return { client, tags: () => listOf(client.repository('registry.example/repo').tags()), hasSeen: () => hasSeen }
}

describe('a token server elsewhere', () => {
  it.each(['token', 401, 403, 404] as const)(
    'gets no login, and the error says so and names the setting: %s',
    async (refuses) => {
      const { tags, hasSeen } = scene(refuses)
      expect(await failureFields(tags())).toMatchObject({
        withheld: { registry: 'registry.example', realm: 'auth.elsewhere.example' },
        message: expect.stringMatching(
          /the login was withheld from token server auth\.elsewhere\.example.*trusted-realms/,
        ),
        hint: expect.stringContaining('trusted-realms "registry.example=auth.elsewhere.example"'),
      })
      expect(hasSeen()).toBe(false)
    },
  )

  it.each(['token', 401, 403, 404] as const)('gets the login where the user trusts it: %s', async (refuses) => {
    const { tags, hasSeen } = scene(refuses, { trustedRealms: ['auth.elsewhere.example'] })
    expect(await tags()).toEqual(['v1'])
    expect(hasSeen()).toBe(true)
  })

  it.each([
    ['another host', { trustedRealms: ['auth.example', 'elsewhere.example'] }, REALM],
    ['another port', { trustedRealms: ['auth.elsewhere.example'] }, 'https://auth.elsewhere.example:444/token'],
  ])('gets no login where the user trusts %s', async (_, trust, realm) => {
    const { tags, hasSeen } = scene(401, trust, realm)
    expect(await failure(tags())).toBeDefined()
    expect(hasSeen()).toBe(false)
  })

  it('is not asked by http or at a private address, whomever the user trusts', async () => {
    for (const host of ['http://auth.elsewhere.example', 'https://10.0.0.1', 'https://169.254.169.254']) {
      const trust = { trustedRealms: [new URL(host).host], allowsHttpBlobs: true }
      const { tags, hasSeen } = scene(401, trust, `${host}/token`)
      expect(await failureFields(tags())).toMatchObject({ code: 'ERR_URL_REFUSED' })
      expect(hasSeen()).toBe(false)
    }
  })

  it('is told of where a login is checked', async () => {
    const refused = await failureFields(scene('token').client.checkLogin('registry.example', login))
    expect(refused).toMatchObject({ code: 'ERR_URL_REFUSED', hint: expect.stringContaining('trusted-realms') })
    const trusted = scene('token', { trustedRealms: ['auth.elsewhere.example'] })
    expect(await trusted.client.checkLogin('registry.example', login)).toEqual({})
  })

  it('is no reason where the user has no login', async () => {
    const { client } = scene('token')
    const anonymous = client.withCredentials(async () => undefined)
    const reference = parseReference('registry.example/repo:v1')
    const fields = await failureFields(anonymous.repository(reference).resolve(reference))
    expect(fields).toMatchObject({ withheld: undefined, hint: expect.not.stringContaining('trusted-realms') })
  })
})
