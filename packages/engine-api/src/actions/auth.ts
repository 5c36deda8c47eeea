import { jsonResponse, type HttpResponse } from '@drayage/content'
import { checkLogin } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { readJsonBody } from '../http/read-json-body.ts'
import { authConfigOf, isAuthConfig } from '../http/registry-auth.ts'

/** `POST /auth`: asks a registry whether it accepts a login; the client keeps it. */
export async function authAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, request } = exchange
  const body = await readJsonBody(exchange)
  if (body === undefined) throw new EngineRequestError(400, 'invalid JSON: got EOF while reading request body')
  if (!isAuthConfig(body)) throw new EngineRequestError(400, 'invalid JSON: the body is no login of a registry')
  const auth = authConfigOf(body) ?? {}
  const { username = '', password, identitytoken, serveraddress } = auth
  const { status, identityToken = '' } = await checked(() =>
    checkLogin(
      runtime,
      { serverAddress: serveraddress, username, password, identityToken: identitytoken },
      { signal: request.signal },
    ),
  )
  return jsonResponse(200, { Status: status, IdentityToken: identityToken })
}

async function checked<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    if (error instanceof TypeError) throw new EngineRequestError(400, error.message, { cause: error })
    throw error
  }
}
