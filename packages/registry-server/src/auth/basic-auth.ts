import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import { type Allow, allowsAll, allowUsers, neededAccess, sourceAccess, withoutMount } from './access.ts'
import { orRefusal, refusalResponse } from '../handler/refusal.ts'
import { isLogin, parseBasic, type Users } from './users.ts'

/** Options of {@link basicAuth}. */
export interface BasicAuthOptions {
  readonly users: Users
  /** The realm of the challenge; `registry` by default. */
  readonly realm?: string
  /** Who may do what; by default users everything, and anonymous requests nothing. */
  readonly allow?: Allow
}

/** Requires user names and passwords for a registry. @see RFC 7617 */
export function basicAuth(options: BasicAuthOptions): (registry: HttpClient) => HttpClient {
  const { users, realm = 'registry', allow = allowUsers } = options
  const challenge = { 'www-authenticate': `Basic realm=${JSON.stringify(realm)}` }
  const message = 'authentication required'

  const answer = async (registry: HttpClient, request: HttpRequest): Promise<HttpResponse> => {
    const login = parseBasic(request.headers['authorization'])
    const user = login !== undefined && (await isLogin(users, login)) ? login.username : undefined
    const unauthorized = refusalResponse({ status: 401, specCode: 'UNAUTHORIZED', message, headers: challenge })
    if (user === undefined && request.headers['authorization'] !== undefined) return unauthorized
    if (!(await allowsAll(allow, user, neededAccess(request)))) {
      if (user === undefined) return unauthorized
      return refusalResponse({ status: 403, specCode: 'DENIED', message: 'requested access to the resource is denied' })
    }
    const source = sourceAccess(request)
    const mayMount = source === undefined || (await allow(user, source))
    return registry(mayMount ? request : withoutMount(request))
  }
  return (registry) => (request) => orRefusal(answer(registry, request))
}
