/** Codes of the errors of this package. */
export type ContentErrorCode = 'ERR_CONTENT_NOT_FOUND' | 'ERR_NAME_NOT_FOUND' | 'ERR_INGEST_KEY'

/** Content that is not there. */
export class ContentNotFoundError extends Error {
  override readonly name: string = 'ContentNotFoundError'
  readonly code: 'ERR_CONTENT_NOT_FOUND' = 'ERR_CONTENT_NOT_FOUND'
  /** The digest that was asked for. */
  readonly digest: string

  constructor(digest: string, options?: ErrorOptions) {
    super(`Cannot fetch "${digest}": no such content`, options)
    this.digest = digest
  }
}

/** A name that stands for nothing. */
export class NameNotFoundError extends Error {
  override readonly name: string = 'NameNotFoundError'
  readonly code: 'ERR_NAME_NOT_FOUND' = 'ERR_NAME_NOT_FOUND'
  /** The name in normal form. */
  readonly reference: string

  constructor(reference: string, options?: ErrorOptions) {
    super(`Cannot resolve "${reference}": no such name`, options)
    this.reference = reference
  }
}

/** A key that cannot name an ingest. */
export class IngestKeyError extends Error {
  override readonly name: string = 'IngestKeyError'
  readonly code: 'ERR_INGEST_KEY' = 'ERR_INGEST_KEY'

  constructor(key: string, options?: ErrorOptions) {
    super(`Cannot open ingest ${JSON.stringify(key.slice(0, 160))}: found another form, expected a digest or [a-zA-Z0-9_-]{1,128}`, options)
  }
}

/** Any error of this package. */
export type ContentError = ContentNotFoundError | NameNotFoundError | IngestKeyError

const CODES: readonly string[] = [
  'ERR_CONTENT_NOT_FOUND',
  'ERR_NAME_NOT_FOUND',
  'ERR_INGEST_KEY',
] satisfies ContentErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isContentError(value: unknown): value is ContentError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
