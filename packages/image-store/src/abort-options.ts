/** Options of every call that can be cancelled. */
export interface AbortOptions {
  /** Cancels the work; the call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
}
