/**
 * A stream of bytes: single-use, pulled by its consumer. A consumer that stops early closes it through `return()`.
 */
export type ByteStream = AsyncIterable<Uint8Array>

/** Options of every call that can be cancelled. */
export interface AbortOptions {
  /** Cancels the work; the call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
}
