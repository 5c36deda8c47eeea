/**
 * A stream of bytes: single-use, pulled by its consumer. A consumer that stops early closes it through `return()`.
 */
export type ByteStream = AsyncIterable<Uint8Array>

/** Options of every call that can be cancelled. */
export interface AbortOptions {
  /** Cancels the work; the call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
}

/** A stream of the given chunks, in order; text is encoded as UTF-8. */
export async function* fromBytes(...chunks: readonly (Uint8Array | string)[]): ByteStream {
  for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
}
