import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import { isPing, neededAccess } from '../access.ts'
import { forMethod, refusalResponse } from '../respond.ts'
import { formatScopes } from '../scope.ts'
import { without, withoutBody } from './call-parts.ts'

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
  return forMethod(request, refusalResponse({ status: 401, specCode: 'UNAUTHORIZED', message, headers }))
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
