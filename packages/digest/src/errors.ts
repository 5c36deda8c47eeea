/** Codes of the errors of this package. */
export type DigestErrorCode = 'ERR_DIGEST_SYNTAX' | 'ERR_DIGEST_MISMATCH' | 'ERR_CONTENT_SHORT' | 'ERR_CONTENT_LONG'

/** Text that is not a digest. */
export class DigestSyntaxError extends Error {
  override readonly name: string = 'DigestSyntaxError'
  readonly code: 'ERR_DIGEST_SYNTAX' = 'ERR_DIGEST_SYNTAX'
  /** Where the text stops being a digest, in UTF-16 units. */
  readonly offset: number

  constructor(text: string, found: string, wanted: string, offset: number, options?: ErrorOptions) {
    super(`Cannot parse digest ${JSON.stringify(text)}: found ${found}, expected ${wanted}`, options)
    this.offset = offset
  }
}

/** Content that hashes to another digest than expected. */
export class DigestMismatchError extends Error {
  override readonly name: string = 'DigestMismatchError'
  readonly code: 'ERR_DIGEST_MISMATCH' = 'ERR_DIGEST_MISMATCH'
  /** The digest of the bytes that came. */
  readonly actual: string
  /** The digest that was asked for. */
  readonly expected: string

  constructor(actual: string, expected: string, options?: ErrorOptions) {
    super(`Cannot verify content: its digest is ${actual}, expected ${expected}`, options)
    this.actual = actual
    this.expected = expected
  }
}

/** Content that ends before its expected size. */
export class ShortContentError extends Error {
  override readonly name: string = 'ShortContentError'
  readonly code: 'ERR_CONTENT_SHORT' = 'ERR_CONTENT_SHORT'
  /** Bytes that came. */
  readonly actualBytes: number
  /** Bytes that were expected. */
  readonly expectedBytes: number

  constructor(actualBytes: number, expectedBytes: number, options?: ErrorOptions) {
    super(`Cannot verify content: it ends after ${actualBytes} bytes, expected ${expectedBytes}`, options)
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/** Content that goes on after its expected size. */
export class LongContentError extends Error {
  override readonly name: string = 'LongContentError'
  readonly code: 'ERR_CONTENT_LONG' = 'ERR_CONTENT_LONG'
  /** Bytes that were expected. */
  readonly expectedBytes: number

  constructor(expectedBytes: number, options?: ErrorOptions) {
    super(`Cannot verify content: it goes on after ${expectedBytes} bytes, expected its end`, options)
    this.expectedBytes = expectedBytes
  }
}

/** Any error of this package. */
export type DigestError = DigestSyntaxError | DigestMismatchError | ShortContentError | LongContentError

const CODES: readonly string[] = [
  'ERR_DIGEST_SYNTAX',
  'ERR_DIGEST_MISMATCH',
  'ERR_CONTENT_SHORT',
  'ERR_CONTENT_LONG',
] satisfies DigestErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isDigestError(value: unknown): value is DigestError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
