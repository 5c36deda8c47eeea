import { decodeText, encodeText, fromBytes } from '@drayage/bytes'
import type { HttpRequest } from '@drayage/content'

import { readBody, type BodyOptions } from '../http/body.ts'
import type { Credentials } from './credentials.ts'
import { errorOfAnswer } from '../http/error-of-answer.ts'
import { RegistryNotFoundError, type RequestFacts } from '../errors/answer-errors.ts'
import type { WithheldLogin } from '../gate/credential-gate.ts'
import { RegistryProtocolError, RegistryUnreachableError } from '../errors/connection-errors.ts'
import { TOKEN_MAX_BYTES, TOKEN_MAX_LIFE_MS, TOKEN_MIN_LIFE_MS, TOKEN_TIMEOUT_MS } from '../limits.ts'
import { redactUrl } from '../gate/redact-url.ts'
import type { HttpTransport, TransportResponse } from '../http/transport.ts'

/** The value of `Authorization` for a name and a password, as UTF-8. @see RFC 7617 */
export function basicHeader(login: { readonly username: string; readonly password: string }): string {
  const bytes = encodeText(`${login.username}:${login.password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`
}

/** A token to ask for. */
export interface TokenRequest {
  /** The token server's URL; it passed the gate. */
  readonly realm: URL
  /** The origin that named it, if it may not name every address. */
  readonly namedBy?: string | undefined
  readonly service: string | undefined
  readonly scopes: readonly string[]
  /** Credentials that this token server may see. */
  readonly credentials: Credentials | undefined
  /** Whether a refresh token is wanted too; `false` by default. */
  readonly isOffline?: boolean
  /** The login that it may not see. */
  readonly withheld?: WithheldLogin | undefined
  readonly userAgent: string
  readonly now: () => number
  readonly signal: AbortSignal
  /** 15 000 by default. */
  readonly timeoutMs?: number
}

/** A token for `Authorization: Bearer`. */
export interface Token {
  readonly text: string
  /** In milliseconds from its arrival. */
  readonly lifeMs: number
  /** For asking for further tokens, where one was wanted and given. */
  readonly refreshToken?: string
}

const CLIENT_ID = 'docker'
const LONGEST_TOKEN = 64 * 1024

/**
 * Asks a token server, for at most 15 seconds: by GET, with the user's name and password when they may be used; by POST
 * with an identity token.
 *
 * @throws RegistryError with the server's answer
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when the answer holds no token
 * @see Docker registry token authentication; OAuth 2.0 token authentication for registries
 */
export async function fetchToken(http: HttpTransport, wanted: TokenRequest): Promise<Token> {
  const request =
    wanted.credentials !== undefined && 'identityToken' in wanted.credentials
      ? refreshRequest(wanted, wanted.credentials.identityToken)
      : plainRequest(wanted)
  const facts: RequestFacts = { method: request.method, url: redactUrl(request.url) }
  const timeout = AbortSignal.timeout(wanted.timeoutMs ?? TOKEN_TIMEOUT_MS)
  const signal = AbortSignal.any([wanted.signal, timeout])
  try {
    return await exchange(
      http,
      { ...request, signal, namedBy: wanted.namedBy },
      { facts, now: wanted.now, signal },
      wanted.withheld,
    )
  } catch (error) {
    if (wanted.signal.aborted || !timeout.aborted) throw error
    const late = { ...facts, reason: 'headers-timeout', host: wanted.realm.host, retryable: true } as const
    throw new RegistryUnreachableError(late, { cause: error })
  }
}

async function exchange(
  http: HttpTransport,
  request: HttpRequest,
  body: BodyOptions,
  withheld: WithheldLogin | undefined,
): Promise<Token> {
  const response = { ...(await http(request)), withheld }
  if (response.status !== 200) throw await refusalOf(response, body)
  return parseToken(await readBody(response, { ...body, maxBytes: TOKEN_MAX_BYTES }), body.facts)
}

/** What a token server does not have says nothing about what the registry has. */
async function refusalOf(response: TransportResponse, body: BodyOptions): Promise<Error> {
  const error = await errorOfAnswer(response, new URL(response.url).origin, body)
  if (!(error instanceof RegistryNotFoundError)) return error
  return new RegistryProtocolError(body.facts, 'the token server answered 404, expected a token', { cause: error })
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

/** Reads the answer. Neither the body nor what a parser says of it gets into an error: it holds a secret. */
function parseToken(bytes: Uint8Array, facts: RequestFacts): Token {
  let value: unknown
  try {
    value = JSON.parse(decodeText(bytes))
  } catch {
    throw new RegistryProtocolError(facts, 'the answer is not JSON, expected a token')
  }
  if (typeof value !== 'object' || value === null) throw new RegistryProtocolError(facts, 'the answer holds no token')
  const texts = [Reflect.get(value, 'access_token'), Reflect.get(value, 'token')]
  const text = texts.find((entry) => typeof entry === 'string' && entry !== '')
  if (text === undefined) throw new RegistryProtocolError(facts, 'the answer holds no token')
  if (!isToken(text)) throw new RegistryProtocolError(facts, 'the token cannot be sent in a header')
  const refreshToken: unknown = Reflect.get(value, 'refresh_token')
  const lifeMs = tokenLifeMs(Reflect.get(value, 'expires_in'))
  return { text, lifeMs, ...(isToken(refreshToken) && { refreshToken }) }
}

function isToken(text: unknown): text is string {
  return typeof text === 'string' && text.length <= LONGEST_TOKEN && /^[\x21-\x7e]+$/.test(text)
}

/**
 * How long a token is used, by its `expires_in` in seconds: 60 seconds when that is absent, shorter or no number, and at
 * most a day. `issued_at` is ignored, since clocks differ.
 */
export function tokenLifeMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'number' ? expiresIn : 0
  return Math.min(Math.max(Number.isNaN(seconds) ? 0 : seconds * 1000, TOKEN_MIN_LIFE_MS), TOKEN_MAX_LIFE_MS)
}
