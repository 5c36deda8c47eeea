import { answerChallenge, type GrantOptions } from './answer-challenge.ts'
import { discardBody } from './body.ts'
import { tryParseChallenges, type Challenge } from './challenge.ts'
import { holdErrorBody } from './error-body.ts'
import { RegistryProtocolError } from './errors.ts'
import type { Grant } from './grant.ts'
import { MAX_REMEMBERED } from './limits.ts'
import { LruMap } from './lru-map.ts'
import { redactUrl } from './redact-url.ts'
import type { RoutedClient, RoutedRequest, RoutedResponse } from './routed-client.ts'
import { scopeOf, type RequestScope } from './scope.ts'

/**
 * Authorises the requests to one registry. Each request is sent as it is, or with what authorised the one before; a 401
 * is answered by its own challenge, once. A request whose body cannot be given again gets its 401 back, and its
 * repetition is authorised. A pull that is refused with credentials and gets no challenge is tried without them.
 * `Authorization` goes to the registry's own origin only, and answers of other origins, after a redirect, are not heeded.
 */
export function authorize(http: RoutedClient, options: GrantOptions): RoutedClient {
  const grants = new LruMap<Grant>(MAX_REMEMBERED)

  return async (request) => {
    const scope = scopeOf({ method: request.method, url: request.scopeUrl ?? request.url })
    const { signal } = request
    const key = `${new URL(request.url).origin} ${scope.key}`
    const grant = grants.get(key)
    const sent = await grant?.header({ signal })
    const first = await holdRefusal(http, withHeader(request, sent), options)
    if (!isRefusal(first, request)) return first
    if (first.status === 403) return await withoutCredentials(first, request, scope, key, grant)

    const answering = await grantFor(first, request, scope, key)
    const header = await answering?.header({ signal, refused: sent })
    const again = replayed(request)
    if (header === undefined || header === sent || again === undefined) return first
    const second = await holdRefusal(http, withHeader(again, header), options)
    const isDenied = isRefusal(second, request) && second.status === 403
    return isDenied ? await withoutCredentials(second, request, scope, key, answering) : second
  }

  /** The grant that answers the challenge of a 401: the one in use when the challenge has not changed. */
  async function grantFor(
    refused: RoutedResponse,
    request: RoutedRequest,
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

  /** Some registries answer 401 without a challenge; their root has one. */
  async function challengesOf(refused: RoutedResponse, request: RoutedRequest): Promise<readonly Challenge[]> {
    const own = refused.headers['www-authenticate']
    if (own !== undefined) return readChallenges(own, request)
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

  /** Stale credentials must not keep anybody from public content. */
  async function withoutCredentials(
    refused: RoutedResponse,
    request: RoutedRequest,
    scope: RequestScope,
    key: string,
    grant: Grant | undefined,
  ): Promise<RoutedResponse> {
    const anonymous = grant?.usesCredentials() === true ? grant.anonymous?.() : undefined
    const isPull = scope.isPull && request.body === undefined
    if (anonymous === undefined || !isPull || refused.headers['www-authenticate'] !== undefined) return refused
    let second: RoutedResponse
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
async function holdRefusal(http: RoutedClient, request: RoutedRequest, options: GrantOptions): Promise<RoutedResponse> {
  const response = await http(request)
  if (!isRefusal(response, request)) return response
  const facts = { method: request.method, url: redactUrl(request.url) }
  return { ...response, body: await holdErrorBody(response, { facts, now: options.now, signal: request.signal }) }
}

/** Whether the registry itself, not another origin after a redirect, wants other credentials. */
function isRefusal(response: RoutedResponse, request: RoutedRequest): boolean {
  return [401, 403].includes(response.status) && new URL(response.url).origin === new URL(request.url).origin
}

function readChallenges(text: string, request: RoutedRequest): readonly Challenge[] {
  const result = tryParseChallenges(text)
  if (result.ok) return result.value
  const facts = { method: request.method, url: redactUrl(request.url) }
  throw new RegistryProtocolError(facts, 'a WWW-Authenticate header that is none', 'challenges', {
    cause: result.error,
  })
}

function withHeader(request: RoutedRequest, header: string | undefined): RoutedRequest {
  return header === undefined ? request : { ...request, headers: { ...request.headers, authorization: header } }
}

/** The request to be sent once more; `undefined` when its body is gone. */
function replayed(request: RoutedRequest): RoutedRequest | undefined {
  if (request.body === undefined) return request
  return request.replay === undefined ? undefined : { ...request, body: request.replay() }
}
