/** What became of one request. */
export interface RequestEvent {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** From `?` on; empty when there is none. It may hold secrets. */
  readonly query: string
  /** The status that was sent; 0 when the client left before there was one. */
  readonly status: number
  /** The `Range` header of the request. */
  readonly range: string | undefined
  /** Bytes of the response's body that were written. */
  readonly bytesSent: number
  /** Whether the response went out whole. */
  readonly isComplete: boolean
  /** What broke the response, when something did. */
  readonly error?: unknown
}
