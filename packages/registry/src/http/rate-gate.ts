import { fromBytes, raceSignal } from '@drayage/bytes'

import { RegistryRateLimitedError } from '../errors/answer-errors.ts'
import { redactUrl } from '../gate/redact-url.ts'
import { errorBodyOf, readErrorBytes } from './error-body.ts'
import { parseRetryAfter } from './headers.ts'
import type { HttpTransport, TransportRequest, TransportResponse } from './transport.ts'

/** By how much a timer may fire too early: a caller that waited as long as was asked for is let through. */
const TIMER_MS = 1

/** Options of {@link rateGate}. */
export interface RateGateOptions {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
}

/**
 * Holds requests to one registry back together: once an answer of its own says 429 with `Retry-After`, requests fail as
 * that one did, with its words, without being sent, until the time is over. Then one without a body goes first, and the others without one
 * wait for its answer, so that waiting requests do not run into the next refusal side by side.
 *
 * @throws RegistryRateLimitedError `ERR_REGISTRY_RATE_LIMITED` with the time that is left
 */
export function rateGate(http: HttpTransport, { now }: RateGateOptions): HttpTransport {
  let untilMs: number | undefined
  let said: string | undefined
  let first: Promise<void> | undefined

  const send = async (request: TransportRequest): Promise<TransportResponse> => {
    const response = await http(request)
    const isOwn = new URL(response.url).origin === new URL(request.url).origin
    const waitMs = isOwn && response.status === 429 ? parseRetryAfter(response.headers) : undefined
    if (waitMs === undefined || waitMs <= 0) {
      if (isOwn && untilMs !== undefined && now() >= untilMs) untilMs = undefined
      return response
    }
    untilMs = Math.max(untilMs ?? 0, now() + waitMs)
    const facts = { method: request.method, url: redactUrl(request.url) }
    const bytes = await readErrorBytes(response, { facts, now, signal: request.signal })
    said = errorBodyOf(response, bytes).said
    return { ...response, body: fromBytes(bytes) }
  }

  return async (request) => {
    request.signal?.throwIfAborted()
    const isFree = request.body !== undefined
    while (first !== undefined && !isFree) await raceSignal(first, request)
    const leftMs = untilMs === undefined ? 0 : untilMs - now()
    if (leftMs >= TIMER_MS) throw heldBack(request, leftMs, said)
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

function heldBack(
  { method, url }: TransportRequest,
  leftMs: number,
  said: string | undefined,
): RegistryRateLimitedError {
  return new RegistryRateLimitedError({
    method,
    url: redactUrl(url),
    status: 429,
    codes: ['TOOMANYREQUESTS'],
    said,
    isEarlier: true,
    retryable: true,
    retryAfterMs: Math.ceil(leftMs),
  })
}
