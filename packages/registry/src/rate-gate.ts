import { RegistryRateLimitedError } from './errors.ts'
import { redactUrl } from './redact-url.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { RoutedClient, RoutedRequest, RoutedResponse } from './routed-client.ts'
import { orAborted } from './single-flight.ts'

/** By how much a timer may fire too early: who waited as long as was asked for is not to be sent away for that. */
const TIMER_MS = 1

/** Options of {@link rateGate}. */
export interface RateGateOptions {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
}

/**
 * Holds requests to one registry back together: once an answer of its own says 429 with `Retry-After`, requests fail as
 * that one did, without being sent, until the time is over. Then one without a body goes first, and the others that have
 * none wait for its answer, so that all that waited do not run into the next refusal side by side.
 *
 * @throws RegistryRateLimitedError `ERR_REGISTRY_RATE_LIMITED` with the time that is left
 */
export function rateGate(http: RoutedClient, { now }: RateGateOptions): RoutedClient {
  let untilMs: number | undefined
  let first: Promise<void> | undefined

  const heed = (request: RoutedRequest, response: RoutedResponse): void => {
    const isOwn = new URL(response.url).origin === new URL(request.url).origin
    const waitMs = isOwn && response.status === 429 ? parseRetryAfter(response.headers) : undefined
    if (waitMs !== undefined && waitMs > 0) untilMs = Math.max(untilMs ?? 0, now() + waitMs)
    else if (isOwn && untilMs !== undefined && now() >= untilMs) untilMs = undefined
  }
  const send = async (request: RoutedRequest): Promise<RoutedResponse> => {
    const response = await http(request)
    heed(request, response)
    return response
  }

  return async (request) => {
    request.signal?.throwIfAborted()
    const isFree = request.body !== undefined
    while (first !== undefined && !isFree) await orAborted(first, request.signal)
    const leftMs = untilMs === undefined ? 0 : untilMs - now()
    if (leftMs >= TIMER_MS) throw held(request, leftMs)
    if (untilMs === undefined || isFree) return await send(request)
    const { promise, resolve } = Promise.withResolvers<void>()
    first = promise
    try {
      return await send(request)
    } finally {
      first = undefined
      resolve()
    }
  }
}

function held({ method, url }: RoutedRequest, leftMs: number): RegistryRateLimitedError {
  return new RegistryRateLimitedError({
    method,
    url: redactUrl(url),
    status: 429,
    codes: [],
    said: 'to an earlier request, which asks to wait',
    retryable: true,
    retryAfterMs: Math.ceil(leftMs),
  })
}
