import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type SyncErrorCode = 'ERR_SYNC_FILE' | 'ERR_TAG_PATTERN' | 'ERR_VERSION_RANGE'

/** A sync file that cannot be carried out. */
export class SyncFileError extends DrayageError<'ERR_SYNC_FILE'> {
  override readonly name: string = 'SyncFileError'
  /** Where in the file, such as `images[0].tags.include`; empty for the whole file. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    const what = path === '' ? 'by this file' : quote(path)
    super('ERR_SYNC_FILE', `Cannot sync ${what}: found ${found}, expected ${wanted}`, options)
    this.path = path
  }
}

/** Text that is not a tag pattern. */
export class TagPatternError extends DrayageError<'ERR_TAG_PATTERN'> {
  override readonly name: string = 'TagPatternError'
  readonly pattern: string
  /** What the pattern should hold. */
  readonly wanted: string

  constructor(pattern: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_TAG_PATTERN', `Cannot match tags by ${quote(pattern)}: found ${found}, expected ${wanted}`, options)
    this.pattern = pattern
    this.wanted = wanted
  }
}

/** Text that is not a version range. */
export class VersionRangeError extends DrayageError<'ERR_VERSION_RANGE'> {
  override readonly name: string = 'VersionRangeError'
  readonly range: string
  /** What the range should hold. */
  readonly wanted: string

  constructor(range: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_VERSION_RANGE', `Cannot choose versions by ${quote(range)}: found ${found}, expected ${wanted}`, options)
    this.range = range
    this.wanted = wanted
  }
}

/** Any error of this package. */
export type SyncError = SyncFileError | TagPatternError | VersionRangeError

/** Tells whether `value` is an error of this package, including one made by another installed copy. */
export const isSyncError: (value: unknown) => value is SyncError = errorGuard<SyncError>([
  'ERR_SYNC_FILE',
  'ERR_TAG_PATTERN',
  'ERR_VERSION_RANGE',
])
