/** Codes of the errors of this package. */
export type ContentErrorCode =
  | 'ERR_CONTENT_NOT_FOUND'
  | 'ERR_NAME_NOT_FOUND'
  | 'ERR_INGEST_KEY'
  | 'ERR_INGEST_CLOSED'
  | 'ERR_WALK_LIMIT'

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
    super(
      `Cannot open ingest ${JSON.stringify(key.slice(0, 160))}: found another form, expected a digest or [a-zA-Z0-9_-]{1,128}`,
      options,
    )
  }
}

/** A call on an ingest that was committed or disposed, or a follower of one that was disposed or reset. */
export class IngestClosedError extends Error {
  override readonly name: string = 'IngestClosedError'
  readonly code: 'ERR_INGEST_CLOSED' = 'ERR_INGEST_CLOSED'
  /** The key of the ingest. */
  readonly key: string

  constructor(key: string, options?: ErrorOptions) {
    super(`Cannot use ingest "${key}": found it closed, expected an open one`, options)
    this.key = key
  }
}

/** A graph of content that is nested deeper, or holds more, than its reader accepts. */
export class WalkLimitError extends Error {
  override readonly name: string = 'WalkLimitError'
  readonly code: 'ERR_WALK_LIMIT' = 'ERR_WALK_LIMIT'
  /** The content that crosses the limit. */
  readonly digest: string
  /** The limit that it crosses. */
  readonly limit: 'maxDepth' | 'maxCount'
  /** The value of the limit. */
  readonly maximum: number

  constructor(digest: string, limit: 'maxDepth' | 'maxCount', maximum: number, options?: ErrorOptions) {
    const [found, wanted] =
      limit === 'maxDepth'
        ? ['it is nested deeper than the limit', `at most ${maximum} levels`]
        : ['the graph holds more than the limit', `at most ${maximum} pieces of content`]
    super(`Cannot walk to "${digest}": ${found}, expected ${wanted}`, options)
    this.digest = digest
    this.limit = limit
    this.maximum = maximum
  }
}

/** Any error of this package. */
export type ContentError =
  | ContentNotFoundError
  | NameNotFoundError
  | IngestKeyError
  | IngestClosedError
  | WalkLimitError

const CODES: readonly string[] = [
  'ERR_CONTENT_NOT_FOUND',
  'ERR_NAME_NOT_FOUND',
  'ERR_INGEST_KEY',
  'ERR_INGEST_CLOSED',
  'ERR_WALK_LIMIT',
] satisfies ContentErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isContentError(value: unknown): value is ContentError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
