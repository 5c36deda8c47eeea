import { decodeText, fromBytes } from '@drayage/bytes'
import type { HttpRequest } from '@drayage/content'

import { readBody, type BodyOptions } from './body.ts'
import { basicHeader } from './basic-header.ts'
import type { Credentials } from './credentials.ts'
import { errorOfAnswer } from './error-of-answer.ts'
import { RegistryProtocolError, RegistryUnreachableError, type RequestFacts } from './errors.ts'
import { TOKEN_MAX_BYTES, TOKEN_MAX_LIFE_MS, TOKEN_MIN_LIFE_MS, TOKEN_TIMEOUT_MS } from './limits.ts'
import { redactUrl } from './redact-url.ts'
import type { RoutedClient } from './routed-client.ts'

/** A token to ask for. */
export interface TokenRequest {
  /** The token server's URL; it passed the gate. */
  readonly realm: URL
  readonly service: string | undefined
  readonly scopes: readonly string[]
  /** Those that this token server may see. */
  readonly credentials: Credentials | undefined
  /** Whether a refresh token is wanted too; `false` by default. */
  readonly isOffline?: boolean
  readonly userAgent: string
  readonly now: () => number
  readonly signal: AbortSignal
  /** 15 000 by default. */
  readonly timeoutMs?: number
}

/** A token for `Authorization: Bearer`. */
export interface Token {
  readonly text: string
  /** From its arrival on, in milliseconds. */
  readonly lifeMs: number
  /** To ask for further tokens with, where one was wanted and given. */
  readonly refreshToken?: string
}

const CLIENT_ID = 'docker'
const LONGEST_TOKEN = 64 * 1024

/**
 * Asks a token server, which may take 15 seconds: by GET, with the user's name and password when they may be used; by POST with an identity token.
 *
 * @throws RegistryError with the server's answer
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when the answer holds no token
 * @see Docker registry token authentication; OAuth 2.0 token authentication for registries
 */
export async function fetchToken(http: RoutedClient, wanted: TokenRequest): Promise<Token> {
  const request =
    wanted.credentials !== undefined && 'identityToken' in wanted.credentials
      ? refreshRequest(wanted, wanted.credentials.identityToken)
      : plainRequest(wanted)
  const facts: RequestFacts = { method: request.method, url: redactUrl(request.url) }
  const timeout = AbortSignal.timeout(wanted.timeoutMs ?? TOKEN_TIMEOUT_MS)
  const signal = AbortSignal.any([wanted.signal, timeout])
  try {
    return await exchange(http, { ...request, signal }, { facts, now: wanted.now, signal })
  } catch (error) {
    if (wanted.signal.aborted || !timeout.aborted) throw error
    const late = { ...facts, reason: 'headers-timeout', host: wanted.realm.host, retryable: true } as const
    throw new RegistryUnreachableError(late, { cause: error })
  }
}

async function exchange(http: RoutedClient, request: HttpRequest, body: BodyOptions): Promise<Token> {
  const response = await http(request)
  if (response.status !== 200) throw await errorOfAnswer(response, new URL(response.url).origin, body)
  return parseToken(await readBody(response, { ...body, maxBytes: TOKEN_MAX_BYTES }), body.facts)
}

function plainRequest(wanted: TokenRequest): HttpRequest {
  const { service, scopes, credentials, userAgent } = wanted
  const url = new URL(wanted.realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': userAgent }
  if (wanted.isOffline === true) {
    url.searchParams.set('offline_token', 'true')
    url.searchParams.set('client_id', CLIENT_ID)
  }
  if (credentials !== undefined && 'password' in credentials) {
    url.searchParams.set('account', credentials.username)
    headers['authorization'] = basicHeader(credentials)
  }
  return { method: 'GET', url: url.href, headers }
}

function refreshRequest(wanted: TokenRequest, identityToken: string): HttpRequest {
  const { service, scopes, userAgent } = wanted
  const form = new URLSearchParams({ grant_type: 'refresh_token' })
  if (service !== undefined) form.set('service', service)
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  form.set('client_id', CLIENT_ID)
  form.set('refresh_token', identityToken)
  const text = form.toString()
  const headers = {
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    'content-type': 'application/x-www-form-urlencoded',
    // The form is ASCII.
    'content-length': String(text.length),
  }
  return { method: 'POST', url: wanted.realm.href, headers, body: fromBytes(text) }
}

/** Neither the body nor what a parser says about it may get into an error: it holds a secret. */
function parseToken(bytes: Uint8Array, facts: RequestFacts): Token {
  let value: unknown
  try {
    value = JSON.parse(decodeText(bytes))
  } catch {
    throw new RegistryProtocolError(facts, 'a body that is not JSON', 'a token')
  }
  if (typeof value !== 'object' || value === null) throw new RegistryProtocolError(facts, 'other JSON', 'a token')
  const texts = [Reflect.get(value, 'access_token'), Reflect.get(value, 'token')]
  const text = texts.find((entry) => typeof entry === 'string' && entry !== '')
  if (!isToken(text))
    throw new RegistryProtocolError(
      facts,
      text === undefined ? 'no token' : 'a token that no header can hold',
      'a token',
    )
  const refreshToken: unknown = Reflect.get(value, 'refresh_token')
  const lifeMs = tokenLifeMs(Reflect.get(value, 'expires_in'))
  return { text, lifeMs, ...(isToken(refreshToken) && { refreshToken }) }
}

function isToken(text: unknown): text is string {
  return typeof text === 'string' && text.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(text)
}

/**
 * How long to believe in a token, by its `expires_in` in seconds: 60 seconds when that is absent, shorter or no number,
 * and a day at most. `issued_at` is not looked at, since clocks differ.
 */
export function tokenLifeMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'number' ? expiresIn : 0
  return Math.min(Math.max(Number.isNaN(seconds) ? 0 : seconds * 1000, TOKEN_MIN_LIFE_MS), TOKEN_MAX_LIFE_MS)
}
