import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import {
  type Access,
  type Allow,
  allowUsers,
  formatScopes,
  isPing,
  neededAccess,
  sourceAccess,
  withoutMount,
} from './access.ts'
import { orRefusal, refusalResponse } from '../handler/refusal.ts'
import { answerToken } from './token-endpoint.ts'
import { createTokenKeeper, type TokenGrant } from './token-keeper.ts'
import type { Users } from './users.ts'

/** Options of {@link tokenAuth}. */
export interface TokenAuthOptions {
  readonly users: Users
  /** Who may do what; by default users everything, and anonymous requests nothing. */
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
 * Requires bearer tokens for a registry, and issues them at `/token`. Tokens are signed and not kept, so that nobody's
 * requests for some end those of others; they end with this process, and with the password of their user. The challenge of
 * a mount asks for its source too; a mount from what the user may not read becomes an upload.
 *
 * @see Docker Registry v2 authentication; RFC 6750
 */
export function tokenAuth(options: TokenAuthOptions): (registry: HttpClient) => HttpClient {
  const { users, allow = allowUsers, realm, service = 'registry', lifeMs = 300_000, now = Date.now } = options
  const tokens = createTokenKeeper({ users, now })
  const identityTokens = createTokenKeeper({ users, now })

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
      return await orRefusal(answerToken({ users, allow, lifeMs, now, tokens, identityTokens }, request))
    }
    const needed = neededAccess(request)
    const source = sourceAccess(request)
    const wanted = source === undefined ? needed : [...needed, source]
    const header = request.headers['authorization']
    if (header === undefined) return challenge(request, wanted)
    const grant = await tokens.read(/^bearer +([\w.-]+) *$/i.exec(header)?.[1] ?? '')
    if (grant === undefined) return challenge(request, wanted, 'invalid_token')
    if (!needed.every((access) => covers(grant, access))) return challenge(request, wanted, 'insufficient_scope')
    if (source === undefined || covers(grant, source)) return registry(request)
    // Another token would do, unless its user may not read the source.
    if (await allow(grant.user, source)) return challenge(request, wanted, 'insufficient_scope')
    return registry(withoutMount(request))
  }
}

function covers(grant: TokenGrant, wanted: Access): boolean {
  if (isPing(wanted)) return true
  return grant.access.some(
    ({ type, name, action }) =>
      type === wanted.type && name === wanted.name && (action === wanted.action || action === '*'),
  )
}
