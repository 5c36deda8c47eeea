import { collect, createLruMap, fromBytes } from '@drayage/bytes'
import { jsonResponse, responseTo, type HttpClient, type HttpRequest, type HttpResponse } from '@drayage/content'

import { formatScopes, isPing, neededAccess } from '../auth/access.ts'
import { refusalResponse } from '../handler/refusal.ts'
import { without, withoutBody } from './call-parts.ts'
import type { FaultBehaviour, FaultCall } from './fault-call.ts'

/** The most bytes of a token's answer. */
const MAX_TOKEN_BYTES = 1024 * 1024
/** The most tokens whose end is remembered. */
const MAX_TOKENS = 10_000

/** Creates an empty memory of when tokens end. */
export function createTokenEnds(): FaultCall['tokenEnds'] {
  return createLruMap({ maxEntries: MAX_TOKENS })
}

export const tokenLife: FaultBehaviour<'token-life'> = async ({ lifeMs, announce = true }, call) => {
  const response = await call.next(call.request)
  if (response.status !== 200) return response
  const bytes = await collect(response.body, { maxBytes: MAX_TOKEN_BYTES, signal: call.request.signal })
  const answer = parseObject(bytes)
  const tokens = [answer?.['token'], answer?.['access_token']].filter((token) => typeof token === 'string')
  if (tokens.length === 0) return { ...response, body: fromBytes(bytes) }
  call.fire()
  for (const token of tokens) call.tokenEnds.set(token, call.now() + lifeMs)
  const told = announce ? { ...answer, expires_in: Math.floor(lifeMs / 1000) } : answer
  return jsonResponse(200, told, without(response.headers, 'content-length'))
}

/** Tells whether the life of a request's bearer token is over. */
export function isTokenOver(request: HttpRequest, tokenEnds: FaultCall['tokenEnds'], nowMs: number): boolean {
  const token = /^bearer +(\S+) *$/i.exec(request.headers['authorization'] ?? '')?.[1]
  const end = token === undefined ? undefined : tokenEnds.get(token)
  return end !== undefined && nowMs >= end
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * The answer to a request whose token has expired: 401 with the challenge that the registry gives to an anonymous ping,
 * with the scope of the request and the error added. The registry does not see the request.
 *
 * @see RFC 6750, section 3.1
 */
export async function invalidToken(
  request: HttpRequest,
  registry: HttpClient,
  challenge?: string,
): Promise<HttpResponse> {
  const value = challenge ?? (await challengeOf(request, registry))
  const headers = { 'www-authenticate': value }
  const message = 'authentication required'
  return responseTo(request, refusalResponse({ status: 401, specCode: 'UNAUTHORIZED', message, headers }))
}

async function challengeOf(request: HttpRequest, registry: HttpClient): Promise<string> {
  const bare = withoutBody(request)
  const url = new URL('/v2/', request.url).href
  const response = await registry({ ...bare, method: 'GET', url, headers: without(bare.headers, 'authorization') })
  await response.body[Symbol.asyncIterator]().return?.()
  const realm = new URL('/token', request.url).href
  const found = response.headers['www-authenticate'] ?? `Bearer realm="${realm}",service="registry"`
  if (!/^bearer /i.test(found)) return found
  const needed = neededAccess(request)
  const scope = needed.some(isPing) ? '' : `,scope="${formatScopes(needed)}"`
  return `${found}${scope},error="invalid_token"`
}
