import type { HttpResponse } from '@drayage/content'
import { checkLogin } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { readJsonBody } from '../read-json-body.ts'
import { authConfigOf } from '../registry-auth.ts'
import { jsonResponse } from '../respond.ts'

/** `POST /auth`: asks a registry whether it accepts a login; the client keeps it. */
export async function authAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, request } = exchange
  const auth = authConfigOf(await readJsonBody(exchange)) ?? {}
  const { username = '', password, identitytoken, serveraddress } = auth
  const { status, identityToken = '' } = await checked(() =>
    checkLogin(
      runtime,
      { serverAddress: serveraddress, username, password, identityToken: identitytoken },
      { signal: request.signal },
    ),
  )
  return jsonResponse({ Status: status, IdentityToken: identityToken })
}

async function checked<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (error) {
    if (error instanceof TypeError) throw new EngineRequestError(400, error.message, { cause: error })
    throw error
  }
}
