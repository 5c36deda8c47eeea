import { digestAlgorithm, tryParseDigest, type Digest } from '@drayage/digest'

import { RETRY_AFTER_MAX_MS } from '../limits.ts'

/** The headers of an answer, by name in lower case. */
type Headers = Readonly<Record<string, string>>

/** Whether a `Content-Encoding` stands between the body and its bytes. */
export function isEncoded(headers: Headers): boolean {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  return encoding !== '' && encoding !== 'identity'
}

/** The `Content-Length`, when it is a whole number of bytes. */
export function contentLength(headers: Headers): number | undefined {
  const text = headers['content-length']?.trim() ?? ''
  const length = /^\d{1,16}$/.test(text) ? Number(text) : undefined
  return length !== undefined && Number.isSafeInteger(length) ? length : undefined
}

/** The media type of the body, in lower case and without parameters; empty without a header. */
export function contentType(headers: Headers): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Whether the answer is a web page, as proxies and login pages of networks give them. */
export function isWebPage(headers: Headers): boolean {
  return ['text/html', 'application/xhtml+xml'].includes(contentType(headers))
}

/** The digest that `Docker-Content-Digest` names. */
export function namedDigest(headers: Headers): Digest | undefined {
  const named = tryParseDigest(headers['docker-content-digest']?.trim() ?? '')
  return named.ok ? named.value : undefined
}

/** The digest that the headers name, when it is another than `own`; one of another algorithm cannot be compared. */
export function otherDigest(headers: Headers, own: Digest): Digest | undefined {
  const named = namedDigest(headers)
  const isOther = named !== undefined && named !== own && digestAlgorithm(named) === digestAlgorithm(own)
  return isOther ? named : undefined
}

/** What a `Content-Range` header says, in bytes; `total` is `undefined` when it is `*`. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  readonly total: number | undefined
}

/** Reads a satisfied `Content-Range` header; `undefined` when it is anything else. @see RFC 9110, section 14.4 */
export function parseContentRange(text: string): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(text.slice(0, 80).trim())
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2])
  const total = match[3] === '*' ? undefined : Number(match[3])
  const safe = [first, last, total ?? 0].every((value) => Number.isSafeInteger(value))
  if (!safe || last < first || (total !== undefined && last >= total)) return undefined
  return { first, last, total }
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds, between 0 and 120 000; `undefined` when it asks for
 * none. A date is compared with the answer's own `Date` header, so that a skewed clock here does not matter.
 *
 * @see RFC 9110, section 10.2.3
 */
export function parseRetryAfter(headers: Headers, nowMs: number = Date.now()): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MAX_MS)
  // Date.parse() accepts far more than dates of HTTP, which start with the day of the week.
  const until = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(until)) return undefined
  const serverNow = Date.parse(headers['date'] ?? '')
  return Math.min(Math.max(until - (Number.isNaN(serverNow) ? nowMs : serverNow), 0), RETRY_AFTER_MAX_MS)
}
