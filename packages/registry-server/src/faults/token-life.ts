import { collect, fromBytes } from '@drayage/bytes'
import type { HttpRequest } from '@drayage/content'

import { jsonResponse } from '../respond.ts'
import { without } from './call-parts.ts'
import type { FaultBehaviour } from './fault-call.ts'

/** The most bytes of a token's answer. */
const MAX_TOKEN_BYTES = 1024 * 1024
/** The most tokens whose end is remembered; the oldest are forgotten. */
const MAX_TOKENS = 10_000

export const tokenLife: FaultBehaviour<'token-life'> = async ({ lifeMs, announce = true }, call) => {
  const response = await call.next(call.request)
  if (response.status !== 200) return response
  const bytes = await collect(response.body, { maxBytes: MAX_TOKEN_BYTES, signal: call.request.signal })
  const answer = parseObject(bytes)
  const tokens = [answer?.['token'], answer?.['access_token']].filter((token) => typeof token === 'string')
  if (tokens.length === 0) return { ...response, body: fromBytes(bytes) }
  call.fire()
  for (const token of tokens) call.tokenEnds.set(token, call.now() + lifeMs)
  for (const oldest of call.tokenEnds.keys()) {
    if (call.tokenEnds.size <= MAX_TOKENS) break
    call.tokenEnds.delete(oldest)
  }
  const told = announce ? { ...answer, expires_in: Math.floor(lifeMs / 1000) } : answer
  return jsonResponse(200, told, without(response.headers, 'content-length'))
}

/** Tells whether the bearer token of a request has come to its end. */
export function isTokenOver(request: HttpRequest, tokenEnds: ReadonlyMap<string, number>, nowMs: number): boolean {
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
