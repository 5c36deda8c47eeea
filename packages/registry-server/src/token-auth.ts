import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import { type Access, type Allow, allowUsers, isPing, mountSource, neededAccess, withoutMount } from './access.ts'
import { refusalResponse } from './respond.ts'
import { formatScopes } from './scope.ts'
import { answerToken } from './token-endpoint.ts'
import { createTokenStore, type Grant } from './token-store.ts'
import type { Users } from './users.ts'

/** Options of {@link tokenAuth}. */
export interface TokenAuthOptions {
  readonly users: Users
  /** Who may do what; by default every user everything, and anonymous requests nothing. */
  readonly allow?: Allow
  /** The URL of the token endpoint; by default `/token` at the address of the request, as the server sees itself. */
  readonly realm?: string
  /** The name of the service in challenges; `registry` by default. */
  readonly service?: string
  /** How long a token is valid, in milliseconds; 300 000 by default. */
  readonly lifeMs?: number
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

const TOKEN_PATH = '/token'

/**
 * Puts bearer tokens before a registry, and the endpoint that gives them out at `/token`. Tokens are kept in memory. A
 * token that does not cover the source of a mount makes the mount an upload.
 *
 * @see Docker Registry v2 authentication; RFC 6750
 */
export function tokenAuth(options: TokenAuthOptions): (registry: HttpClient) => HttpClient {
  const { users, allow = allowUsers, realm, service = 'registry', lifeMs = 300_000, now = Date.now } = options
  const tokens = createTokenStore(now)
  const identityTokens = createTokenStore(now)

  const challenge = (request: HttpRequest, needed: readonly Access[], problem?: string): HttpResponse => {
    const fields = {
      realm: realm ?? new URL(TOKEN_PATH, request.url).href,
      service,
      ...(needed.some(isPing) ? {} : { scope: formatScopes(needed) }),
      ...(problem === undefined ? {} : { error: problem }),
    }
    const parameters = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    return refusalResponse({
      status: 401,
      specCode: 'UNAUTHORIZED',
      message: 'authentication required',
      headers: { 'www-authenticate': `Bearer ${parameters.join(',')}` },
    })
  }

  return (registry) => async (request) => {
    if (new URL(request.url).pathname === TOKEN_PATH) {
      return answerToken({ users, allow, lifeMs, now, tokens, identityTokens }, request)
    }
    const needed = neededAccess(request)
    const header = request.headers['authorization']
    if (header === undefined) return challenge(request, needed)
    const grant = tokens.find(/^bearer +([0-9a-f]{1,128}) *$/i.exec(header)?.[1] ?? '')
    if (grant === undefined) return challenge(request, needed, 'invalid_token')
    if (!needed.every((access) => covers(grant, access))) return challenge(request, needed, 'insufficient_scope')
    const name = mountSource(request)
    const mayMount = name === undefined || covers(grant, { type: 'repository', name, action: 'pull' })
    return registry(mayMount ? request : withoutMount(request))
  }
}

function covers(grant: Grant, wanted: Access): boolean {
  if (isPing(wanted)) return true
  return grant.access.some(
    ({ type, name, action }) =>
      type === wanted.type && name === wanted.name && (action === wanted.action || action === '*'),
  )
}
