import { DrayageError, errorGuard, type DrayageErrorOptions } from './drayage-error.ts'

/** Code of {@link ByteLimitError}. */
export type BytesErrorCode = 'ERR_BYTE_LIMIT'

/** A stream with more bytes than its reader accepts. */
export class ByteLimitError extends DrayageError<'ERR_BYTE_LIMIT'> {
  override readonly name: string = 'ByteLimitError'
  /** How many bytes the reader accepts. */
  readonly maxBytes: number

  constructor(maxBytes: number, options?: DrayageErrorOptions) {
    super('ERR_BYTE_LIMIT', `Cannot read the stream: it exceeds the limit of ${maxBytes} bytes`, options)
    this.maxBytes = maxBytes
  }
}

/** Tells whether `value` is an error of this package, including one made by another installed copy. */
export const isBytesError: (value: unknown) => value is ByteLimitError = errorGuard<ByteLimitError>(['ERR_BYTE_LIMIT'])
