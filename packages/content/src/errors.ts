import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

import { problemOf, type Problem } from './problem.ts'

/** Codes of the errors of this package. */
export type ContentErrorCode =
  | 'ERR_CONTENT_NOT_FOUND'
  | 'ERR_NAME_NOT_FOUND'
  | 'ERR_INGEST_KEY'
  | 'ERR_INGEST_CLOSED'
  | 'ERR_WALK_LIMIT'

/** Content that is not stored. */
export class ContentNotFoundError extends DrayageError<'ERR_CONTENT_NOT_FOUND'> {
  override readonly name: string = 'ContentNotFoundError'
  /** The digest that was asked for. */
  readonly digest: string
  /** Whether the place may be mistaken, as a server may that others stand before; `false` by default. */
  readonly doubtful: boolean

  constructor(digest: string, options: DrayageErrorOptions & { readonly doubtful?: boolean } = {}) {
    super('ERR_CONTENT_NOT_FOUND', `Cannot fetch "${digest}": no such content`, options)
    this.digest = digest
    this.doubtful = options.doubtful ?? false
  }
}

/** A name that stands for nothing. */
export class NameNotFoundError extends DrayageError<'ERR_NAME_NOT_FOUND'> {
  override readonly name: string = 'NameNotFoundError'
  /** That of its cause, such as an unknown repository; otherwise `manifest-unknown`. */
  readonly problem: Problem
  /** Names come and go. */
  readonly doubtful = false
  /** The name in normal form. */
  readonly reference: string

  constructor(reference: string, options?: DrayageErrorOptions) {
    super('ERR_NAME_NOT_FOUND', `Cannot resolve "${reference}": no such name`, options)
    this.reference = reference
    this.problem = problemOf(options?.cause) ?? 'manifest-unknown'
  }
}

/** A key that cannot name an ingest. */
export class IngestKeyError extends DrayageError<'ERR_INGEST_KEY'> {
  override readonly name: string = 'IngestKeyError'

  constructor(key: string, options?: DrayageErrorOptions) {
    super(
      'ERR_INGEST_KEY',
      `Cannot open ingest ${quote(key, 160)}: expected a digest or 1 to 128 of [a-zA-Z0-9_-]`,
      options,
    )
  }
}

/** A call on an ingest that was committed or disposed, or a follower of one that was disposed or reset. */
export class IngestClosedError extends DrayageError<'ERR_INGEST_CLOSED'> {
  override readonly name: string = 'IngestClosedError'
  /** The key of the ingest. */
  readonly key: string

  constructor(key: string, options?: DrayageErrorOptions) {
    super('ERR_INGEST_CLOSED', `Cannot use ingest "${key}": it was committed, reset or disposed`, options)
    this.key = key
  }
}

/** A graph of content that is nested deeper, or holds more, than its reader accepts. */
export class WalkLimitError extends DrayageError<'ERR_WALK_LIMIT'> {
  override readonly name: string = 'WalkLimitError'
  /** The content that crosses the limit. */
  readonly digest: string
  /** The limit that it crosses. */
  readonly limit: 'maxDepth' | 'maxCount'
  /** The value of the limit. */
  readonly maximum: number

  constructor(digest: string, limit: 'maxDepth' | 'maxCount', maximum: number, options?: DrayageErrorOptions) {
    const [found, wanted] =
      limit === 'maxDepth'
        ? ['it is nested deeper than the limit', `at most ${maximum} levels`]
        : ['the graph holds more than the limit', `at most ${maximum} pieces of content`]
    super('ERR_WALK_LIMIT', `Cannot walk to "${digest}": ${found}, expected ${wanted}`, options)
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

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isContentError: (value: unknown) => value is ContentError = errorGuard<ContentError>([
  'ERR_CONTENT_NOT_FOUND',
  'ERR_NAME_NOT_FOUND',
  'ERR_INGEST_KEY',
  'ERR_INGEST_CLOSED',
  'ERR_WALK_LIMIT',
])
