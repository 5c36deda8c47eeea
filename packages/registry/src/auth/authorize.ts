import { answerChallenge, type GrantOptions } from './answer-challenge.ts'
import { createLruMap } from '@drayage/bytes'

import { discardBody } from '../http/body.ts'
import { tryParseChallenges, type Challenge } from './challenge.ts'
import { holdErrorBody } from '../http/error-body.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import type { Grant } from './grant.ts'
import { isRegistryError } from '../errors/is-registry-error.ts'
import { MAX_REMEMBERED, TOKEN_MIN_LIFE_MS } from '../limits.ts'
import { redactUrl } from '../gate/redact-url.ts'
import type { HttpTransport, TransportRequest, TransportResponse } from '../http/transport.ts'
import { scopeOf, type RequestScope } from './scope.ts'

/**
 * Authorises the requests to one registry. A request is sent as it is, or with what authorised the one before; a 401 is
 * answered by its own challenge, once. A request whose body cannot be given again gets its 401 back, and the caller's next
 * try is authorised. A pull that is refused with credentials and without a challenge is tried without them; what is not
 * found without credentials is looked for with them, where the user has some.
 * `Authorization` goes to the registry's own origin only; a 401 of another origin, after a redirect, is returned as it is.
 */
export function authorize(http: HttpTransport, options: GrantOptions): HttpTransport {
  const grants = createLruMap<string, Grant>({ maxEntries: MAX_REMEMBERED })
  const uselessUntilMs = createLruMap<string, number>({ maxEntries: MAX_REMEMBERED })

  return async (request) => {
    const scope = scopeOf({ method: request.method, url: request.scopeUrl ?? request.url })
    const key = `${new URL(request.url).origin} ${scope.key}`
    const response = await send(request, scope, key)
    const withheld = response.status < 400 ? undefined : grants.get(key)?.withheld?.()
    return withheld === undefined ? response : { ...response, withheld }
  }

  async function send(request: TransportRequest, scope: RequestScope, key: string): Promise<TransportResponse> {
    const { signal } = request
    const grant = grants.get(key)
    const sent = await valueOf(key, grant, { signal })
    const first = await holdRefusal(http, withHeader(request, sent), options)
    if (sent === undefined && mayBeHidden(first, request, scope)) return await withLogin(first, request, scope, key)
    if (!isRefusal(first, request)) return first
    if (first.status === 403) return await withoutCredentials(first, request, scope, key, grant)

    const answering = await grantFor(first, request, scope, key)
    const header = await valueOf(key, answering, { signal, refused: sent })
    const again = replayed(request)
    if (header === undefined || header === sent || again === undefined) return first
    const second = await holdRefusal(http, withHeader(again, header), options)
    const isDenied = isRefusal(second, request) && second.status === 403
    return isDenied ? await withoutCredentials(second, request, scope, key, answering) : second
  }

  /** The value of a grant. One that gives none is forgotten, since the challenge that it answers may have been a mistake. */
  async function valueOf(
    key: string,
    grant: Grant | undefined,
    asking: Parameters<Grant['header']>[0],
  ): Promise<string | undefined> {
    try {
      return await grant?.header(asking)
    } catch (error) {
      asking.signal?.throwIfAborted()
      if (grants.get(key) === grant) grants.delete(key)
      throw error
    }
  }

  /** The grant that answers a 401: the one in use when the challenge has not changed. */
  async function grantFor(
    refused: TransportResponse,
    request: TransportRequest,
    scope: RequestScope,
    key: string,
  ): Promise<Grant | undefined> {
    const challenges = await challengesOf(refused, request)
    const found = answerChallenge(http, new URL(request.url), scope, challenges, options)
    const current = grants.get(key)
    if (found === undefined || current?.id === found.id) return found === undefined ? undefined : current
    grants.set(key, found)
    return found
  }

  /** The challenges of a 401; where it has none, those of the registry's root. */
  async function challengesOf(refused: TransportResponse, request: TransportRequest): Promise<readonly Challenge[]> {
    const own = refused.headers['www-authenticate']
    return own === undefined ? await rootChallenges(request) : readChallenges(own, request)
  }

  async function rootChallenges(request: TransportRequest): Promise<readonly Challenge[]> {
    const { headers, signal } = request
    const root = await http({
      method: 'GET',
      url: new URL(`${options.basePath ?? '/v2'}/`, request.url).href,
      headers,
      signal,
    })
    await discardBody(root)
    const text = isRefusal(root, request) ? root.headers['www-authenticate'] : undefined
    return text === undefined ? [] : readChallenges(text, request)
  }

  /**
   * Some registries hide from those without a login what they have: where the user has a login, and the registry's root asks
   * for one, the request is sent again with it. Where that is of no use, it is not tried again for a minute.
   */
  async function withLogin(
    hidden: TransportResponse,
    request: TransportRequest,
    scope: RequestScope,
    key: string,
  ): Promise<TransportResponse> {
    const again = replayed(request)
    if (again === undefined || options.now() < (uselessUntilMs.get(key) ?? -Infinity)) return hidden
    const held = await holdBody(hidden, request, options)
    const { signal } = request
    let header: string | undefined
    try {
      const challenges = (await hasLogin(scope, options, signal)) ? await rootChallenges(request) : []
      const found = answerChallenge(http, new URL(request.url), scope, challenges, options)
      if (found !== undefined) grants.set(key, found)
      header = await found?.header({ signal })
    } catch (error) {
      signal?.throwIfAborted()
      // What keeps a login from being used says more than that there is nothing.
      if (isRegistryError(error)) throw error
    }
    if (header !== undefined) return await holdRefusal(http, withHeader(again, header), options)
    uselessUntilMs.set(key, options.now() + TOKEN_MIN_LIFE_MS)
    return held
  }

  /** Stale credentials do not keep a user from public content. */
  async function withoutCredentials(
    refused: TransportResponse,
    request: TransportRequest,
    scope: RequestScope,
    key: string,
    grant: Grant | undefined,
  ): Promise<TransportResponse> {
    const anonymous = grant?.usesCredentials() === true ? grant.anonymous?.() : undefined
    const isPull = scope.isPull && request.body === undefined
    if (anonymous === undefined || !isPull || refused.headers['www-authenticate'] !== undefined) return refused
    let second: TransportResponse
    try {
      second = await http(withHeader(request, await anonymous.header({ signal: request.signal })))
    } catch {
      request.signal?.throwIfAborted()
      return refused
    }
    if (second.status >= 400) {
      await discardBody(second)
      return refused
    }
    grants.set(key, anonymous)
    options.onEvent({ type: 'anonymous-fallback', host: options.host, repository: scope.repository })
    return second
  }
}

/**
 * Sends a request. The body of a refusal is read at once, 64 KiB at most, so that it holds no connection while the
 * refusal is being answered.
 */
async function holdRefusal(
  http: HttpTransport,
  request: TransportRequest,
  options: GrantOptions,
): Promise<TransportResponse> {
  const response = await http(request)
  return isRefusal(response, request) ? await holdBody(response, request, options) : response
}

async function holdBody(
  response: TransportResponse,
  request: TransportRequest,
  { now }: GrantOptions,
): Promise<TransportResponse> {
  const facts = { method: request.method, url: redactUrl(request.url) }
  return { ...response, body: await holdErrorBody(response, { facts, now, signal: request.signal }) }
}

/** Whether the registry itself says without a challenge that there is nothing, or nothing to read for this user. */
function mayBeHidden(
  { status, headers, url }: TransportResponse,
  request: TransportRequest,
  { isPull }: RequestScope,
): boolean {
  const isOwn = new URL(url).origin === new URL(request.url).origin
  return isOwn && (status === 404 || (isPull && status === 403 && headers['www-authenticate'] === undefined))
}

async function hasLogin(
  { repository }: RequestScope,
  { credentials, host, mirrorOf }: GrantOptions,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const asked = { path: repository, ...(signal && { signal }), ...(mirrorOf !== undefined && { mirrorOf }) }
  return (await credentials?.(host, asked)) !== undefined
}

/** Whether the registry itself, not another origin after a redirect, wants other credentials. */
function isRefusal(response: TransportResponse, request: TransportRequest): boolean {
  return [401, 403].includes(response.status) && new URL(response.url).origin === new URL(request.url).origin
}

function readChallenges(text: string, request: TransportRequest): readonly Challenge[] {
  const result = tryParseChallenges(text)
  if (result.ok) return result.value
  const facts = { method: request.method, url: redactUrl(request.url) }
  throw new RegistryProtocolError(facts, 'its WWW-Authenticate header cannot be read', { cause: result.error })
}

function withHeader(request: TransportRequest, header: string | undefined): TransportRequest {
  return header === undefined ? request : { ...request, headers: { ...request.headers, authorization: header } }
}

/** The request, to be sent once more; `undefined` when its body is gone. */
function replayed(request: TransportRequest): TransportRequest | undefined {
  if (request.body === undefined) return request
  return request.replay === undefined ? undefined : { ...request, body: request.replay() }
}
