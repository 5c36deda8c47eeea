import { RETRY_AFTER_MAX_MS } from './limits.ts'

/**
 * The wait that a `Retry-After` header asks for, in milliseconds, between 0 and 120 000; `undefined` when it asks for
 * none. A date is compared with the answer's own `Date` header, so that a skewed clock here does not matter.
 *
 * @see RFC 9110, section 10.2.3
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string>>,
  nowMs: number = Date.now(),
): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MAX_MS)
  // Date.parse() accepts far more than dates of HTTP, which start with the day of the week.
  const until = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(until)) return undefined
  const serverNow = Date.parse(headers['date'] ?? '')
  return Math.min(Math.max(until - (Number.isNaN(serverNow) ? nowMs : serverNow), 0), RETRY_AFTER_MAX_MS)
}
