import { abortable, collect, isBytesError, type AbortOptions, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { RegistryProtocolError, RegistryTruncatedError, RegistryUnreachableError, type RequestFacts } from './errors.ts'
import { DRIP_MIN_BYTES, DRIP_WINDOW_MS } from './limits.ts'
import { asRegistryError } from './unreachable.ts'

/** How to read a body. */
export interface BodyOptions extends AbortOptions {
  readonly facts: RequestFacts
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/**
 * The body with its failures as errors of this package; it rejects with the signal's reason, and with an unreachable
 * error of reason `stalled` when the source brings less than 1 KiB/s over a minute of waiting for it.
 */
export async function* openBody(source: ByteStream, options: BodyOptions): ByteStream {
  const { facts, now, signal } = options
  let waitedMs = 0
  let bytes = 0
  let askedAt = now()
  try {
    for await (const chunk of abortable(source, { signal })) {
      waitedMs += now() - askedAt
      bytes += chunk.byteLength
      if (waitedMs >= DRIP_WINDOW_MS) {
        if (bytes < DRIP_MIN_BYTES) throw dripping(facts)
        waitedMs = 0
        bytes = 0
      }
      yield chunk
      askedAt = now()
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw asRegistryError(error, facts.method, facts.url)
  }
}

function dripping(facts: RequestFacts): RegistryUnreachableError {
  const host = URL.parse(facts.url)?.host ?? ''
  return new RegistryUnreachableError({ ...facts, host, reason: 'stalled', retryable: true })
}

/** Limits of {@link readBody}. */
export interface ReadBodyOptions extends BodyOptions {
  readonly maxBytes: number
}

/**
 * Reads a whole body into memory.
 *
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when it is encoded or holds more than `maxBytes`
 * @throws RegistryTruncatedError `ERR_REGISTRY_TRUNCATED` when it ends before its `Content-Length`
 */
export async function readBody(response: HttpResponse, options: ReadBodyOptions): Promise<Uint8Array> {
  const { facts, maxBytes } = options
  const announced = contentLength(response.headers)
  try {
    if (isEncoded(response.headers)) throw new RegistryProtocolError(facts, 'an encoded body', 'a plain one')
    if (announced !== undefined && announced > maxBytes) throw tooLong(facts, announced, maxBytes)
  } catch (error) {
    await closeBody(response.body)
    throw error
  }
  try {
    const bytes = await collect(openBody(response.body, options), { maxBytes })
    if (announced === undefined || bytes.byteLength === announced) return bytes
    throw new RegistryTruncatedError(facts, bytes.byteLength, announced)
  } catch (error) {
    if (isBytesError(error)) throw tooLong(facts, undefined, maxBytes)
    throw error
  }
}

function tooLong(facts: RequestFacts, found: number | undefined, maxBytes: number): RegistryProtocolError {
  return new RegistryProtocolError(facts, `a body of ${found ?? 'more'} bytes`, `at most ${maxBytes}`)
}

/** Tells whether a `Content-Encoding` stands between the body and its bytes. */
export function isEncoded(headers: Readonly<Record<string, string>>): boolean {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  return encoding !== '' && encoding !== 'identity'
}

/** The `Content-Length`, when there is one that can be. */
export function contentLength(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['content-length']?.trim() ?? ''
  const length = /^\d{1,16}$/.test(text) ? Number(text) : undefined
  return length !== undefined && Number.isSafeInteger(length) ? length : undefined
}

/** The media type of the body, in lower case and without parameters; empty when there is none. */
export function contentType(headers: Readonly<Record<string, string>>): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** The bytes of a body that nobody wants that are read so that its connection can be used again. */
const DRAIN_MAX_BYTES = 64 * 1024

/** How long is waited for them, in milliseconds: a new connection costs less. */
const DRAIN_MAX_MS = 2000

/** Gets rid of a body: a small one that comes soon is read to its end so that the connection can be used again. Never throws. */
export async function discardBody(response: HttpResponse): Promise<void> {
  const length = contentLength(response.headers)
  if (length === undefined || length > DRAIN_MAX_BYTES) return await closeBody(response.body)
  let bytes = 0
  try {
    for await (const chunk of abortable(response.body, { signal: AbortSignal.timeout(DRAIN_MAX_MS) })) {
      bytes += chunk.byteLength
      if (bytes > DRAIN_MAX_BYTES) break
    }
  } catch {
    // Nobody wanted it.
  }
}

/** Closes a body that was not read. Never throws. */
export async function closeBody(body: ByteStream): Promise<void> {
  try {
    await body[Symbol.asyncIterator]().return?.()
  } catch {
    // Nobody wanted it.
  }
}
