/** Code of {@link ByteLimitError}. */
export type BytesErrorCode = 'ERR_BYTE_LIMIT'

/** A stream held more bytes than its reader accepts. */
export class ByteLimitError extends Error {
  override readonly name: string = 'ByteLimitError'
  readonly code: BytesErrorCode = 'ERR_BYTE_LIMIT'
  /** The most bytes the reader accepts. */
  readonly maxBytes: number

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`Cannot read the stream: it holds more than the limit, expected at most ${maxBytes} bytes`, options)
    this.maxBytes = maxBytes
  }
}

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isBytesError(value: unknown): value is ByteLimitError {
  return value instanceof Error && 'code' in value && value.code === 'ERR_BYTE_LIMIT'
}
