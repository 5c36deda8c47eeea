import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type DigestErrorCode = 'ERR_DIGEST_SYNTAX' | 'ERR_DIGEST_MISMATCH' | 'ERR_CONTENT_SHORT' | 'ERR_CONTENT_LONG'

/** Text that is not a digest. */
export class DigestSyntaxError extends DrayageError<'ERR_DIGEST_SYNTAX'> {
  override readonly name: string = 'DigestSyntaxError'
  /** Where the text stops being a digest, in UTF-16 units. */
  readonly offset: number

  constructor(text: string, found: string, wanted: string, offset: number, options?: DrayageErrorOptions) {
    super('ERR_DIGEST_SYNTAX', `Cannot parse digest ${quote(text)}: found ${found}, expected ${wanted}`, options)
    this.offset = offset
  }
}

/** Content whose digest is not the expected one. */
export class DigestMismatchError extends DrayageError<'ERR_DIGEST_MISMATCH'> {
  override readonly name: string = 'DigestMismatchError'
  /** The digest of the bytes received. */
  readonly actual: string
  /** The digest asked for. */
  readonly expected: string

  constructor(actual: string, expected: string, options?: DrayageErrorOptions) {
    super('ERR_DIGEST_MISMATCH', `Cannot verify content: its digest is ${actual}, expected ${expected}`, options)
    this.actual = actual
    this.expected = expected
  }
}

/** Content that ends before its expected size. */
export class ShortContentError extends DrayageError<'ERR_CONTENT_SHORT'> {
  override readonly name: string = 'ShortContentError'
  /** Bytes received. */
  readonly actualBytes: number
  /** Bytes expected. */
  readonly expectedBytes: number

  constructor(actualBytes: number, expectedBytes: number, options?: DrayageErrorOptions) {
    const message = `Cannot verify content: it ends after ${actualBytes} bytes, expected ${expectedBytes}`
    super('ERR_CONTENT_SHORT', message, options)
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/** Content that continues past its expected size. */
export class LongContentError extends DrayageError<'ERR_CONTENT_LONG'> {
  override readonly name: string = 'LongContentError'
  /** Bytes expected. */
  readonly expectedBytes: number

  constructor(expectedBytes: number, options?: DrayageErrorOptions) {
    super('ERR_CONTENT_LONG', `Cannot verify content: it is longer than the expected ${expectedBytes} bytes`, options)
    this.expectedBytes = expectedBytes
  }
}

/** Any error of this package. */
export type DigestError = DigestSyntaxError | DigestMismatchError | ShortContentError | LongContentError

/** Tells whether `value` is an error of this package, including one made by another installed copy. */
export const isDigestError: (value: unknown) => value is DigestError = errorGuard<DigestError>([
  'ERR_DIGEST_SYNTAX',
  'ERR_DIGEST_MISMATCH',
  'ERR_CONTENT_SHORT',
  'ERR_CONTENT_LONG',
])
