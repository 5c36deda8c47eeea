import { abortable, concat, decodeText, type AbortOptions, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import type { RequestFacts } from '../errors/answer-errors.ts'
import { RegistryProtocolError, RegistryTruncatedError, RegistryUnreachableError } from '../errors/connection-errors.ts'
import { DRIP_MIN_BYTES, DRIP_WINDOW_MS } from '../limits.ts'
import { asRegistryError } from './failures.ts'
import { contentLength, isEncoded, isWebPage } from './headers.ts'

/** How to read a body. */
export interface BodyOptions extends AbortOptions {
  readonly facts: RequestFacts
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/** Reads a body chunk by chunk. It is no iterator, so that a stream over it is the only one that a chunk passes. */
export interface BodyReader {
  /**
   * The next chunk; `undefined` at the end. Rejects with the signal's reason as soon as the signal fires, with errors of
   * this package for failures of the transport, and with an unreachable error of reason `stalled` when the body brings less
   * than 1 KiB/s over a minute of waiting for it.
   */
  read(): Promise<Uint8Array | undefined>
  /** Closes the body when it was not read to its end. Never rejects; waits for the source unless the signal has fired. */
  close(): Promise<void>
}

/** Opens a body for reading; it must be closed. */
export function openBody(source: ByteStream, options: BodyOptions): BodyReader {
  const { facts, now, signal } = options
  const iterator = source[Symbol.asyncIterator]()
  let isEnded = false
  let waitedMs = 0
  let bytes = 0
  let stop: (reason: unknown) => void = () => {}
  const onAbort = (): void => stop(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })

  const next = (): Promise<IteratorResult<Uint8Array>> => {
    if (signal === undefined) return iterator.next()
    // One promise per step: racing against a long-lived one would retain something of every step.
    const step = Promise.withResolvers<IteratorResult<Uint8Array>>()
    stop = step.reject
    iterator.next().then(step.resolve, step.reject)
    return step.promise
  }

  return {
    async read() {
      signal?.throwIfAborted()
      const askedAt = now()
      let result: IteratorResult<Uint8Array>
      try {
        result = await next()
      } catch (error) {
        signal?.throwIfAborted()
        throw asRegistryError(error, facts.method, facts.url)
      }
      if (result.done === true) {
        isEnded = true
        return undefined
      }
      waitedMs += now() - askedAt
      bytes += result.value.byteLength
      if (waitedMs >= DRIP_WINDOW_MS) {
        if (bytes < DRIP_MIN_BYTES) throw stalled(facts)
        waitedMs = 0
        bytes = 0
      }
      return result.value
    },
    async close() {
      signal?.removeEventListener('abort', onAbort)
      if (isEnded) return
      isEnded = true
      const closing = closeIterator(iterator)
      // A source that hangs must not keep its canceller waiting.
      if (signal?.aborted !== true) await closing
    },
  }
}

function stalled(facts: RequestFacts): RegistryUnreachableError {
  const host = URL.parse(facts.url)?.host ?? ''
  return new RegistryUnreachableError({ ...facts, host, reason: 'stalled', retryable: true })
}

/** The first bytes of a body, at most `maxBytes`; the rest is not read. */
export async function readStart(source: ByteStream, maxBytes: number, options: BodyOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const body = openBody(source, options)
  try {
    for (let left = maxBytes; left > 0;) {
      const chunk = await body.read()
      if (chunk === undefined) break
      chunks.push(chunk.subarray(0, left))
      left -= chunk.byteLength
    }
  } finally {
    await body.close()
  }
  return concat(chunks)
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
  if (isEncoded(response.headers)) {
    await closeBody(response.body)
    throw new RegistryProtocolError(facts, 'the answer is encoded')
  }
  if (announced !== undefined && announced > maxBytes) {
    await closeBody(response.body)
    throw tooLong(facts, String(announced), maxBytes)
  }
  const bytes = await readStart(response.body, maxBytes + 1, options)
  if (bytes.byteLength > maxBytes) throw tooLong(facts, 'more', maxBytes)
  if (announced === undefined || bytes.byteLength === announced) return bytes
  throw new RegistryTruncatedError(facts, bytes.byteLength, announced)
}

/** Reads a whole body as JSON; `wanted` says what it should be. @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` */
export async function readJson(response: HttpResponse, wanted: string, options: ReadBodyOptions): Promise<unknown> {
  const { facts } = options
  if (isWebPage(response.headers)) {
    await discardBody(response)
    throw new RegistryProtocolError(facts, `the answer is a web page, expected ${wanted}`)
  }
  const bytes = await readBody(response, options)
  try {
    return JSON.parse(decodeText(bytes))
  } catch (cause) {
    throw new RegistryProtocolError(facts, `the answer is not JSON, expected ${wanted}`, { cause })
  }
}

function tooLong(facts: RequestFacts, found: string, maxBytes: number): RegistryProtocolError {
  return new RegistryProtocolError(facts, `the answer has ${found} bytes, expected at most ${maxBytes}`)
}

/** How much of an unwanted body is read so that its connection can be reused. */
const DRAIN_MAX_BYTES = 64 * 1024

/** How long that may take, in milliseconds: a new connection costs less. */
const DRAIN_MAX_MS = 2000

/** Gets rid of a body: a small one that comes soon is read to its end so that its connection can be reused. Never rejects. */
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
    // What goes wrong with an unwanted body does not matter.
  }
}

/** Closes a body that was not read. Never rejects. */
export async function closeBody(body: ByteStream): Promise<void> {
  await closeIterator(body[Symbol.asyncIterator]())
}

async function closeIterator(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // What goes wrong with an unwanted body does not matter.
  }
}
