/** Codes of the errors of this package. */
export type SyncErrorCode = 'ERR_SYNC_FILE' | 'ERR_TAG_PATTERN' | 'ERR_VERSION_RANGE'

/** Most characters of a text that messages show. */
const LONGEST_SHOWN = 160

function shown(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text)
}

/** A file of images to keep equal that cannot be carried out. */
export class SyncFileError extends Error {
  override readonly name: string = 'SyncFileError'
  readonly code: 'ERR_SYNC_FILE' = 'ERR_SYNC_FILE'
  /** Where in the file, such as `images[0].tags.include`; empty for the whole. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(
      `Cannot sync${path === '' ? ' by this file' : ` ${shown(path)}`}: found ${found}, expected ${wanted}`,
      options,
    )
    this.path = path
  }
}

/** A pattern of tags that cannot be read. */
export class TagPatternError extends Error {
  override readonly name: string = 'TagPatternError'
  readonly code: 'ERR_TAG_PATTERN' = 'ERR_TAG_PATTERN'
  readonly pattern: string

  constructor(pattern: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot match tags by ${shown(pattern)}: found ${found}, expected ${wanted}`, options)
    this.pattern = pattern
  }
}

/** A range of versions that cannot be read. */
export class VersionRangeError extends Error {
  override readonly name: string = 'VersionRangeError'
  readonly code: 'ERR_VERSION_RANGE' = 'ERR_VERSION_RANGE'
  readonly range: string

  constructor(range: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot choose versions by ${shown(range)}: found ${found}, expected ${wanted}`, options)
    this.range = range
  }
}

/** Any error of this package. */
export type SyncError = SyncFileError | TagPatternError | VersionRangeError

const CODES: readonly string[] = ['ERR_SYNC_FILE', 'ERR_TAG_PATTERN', 'ERR_VERSION_RANGE'] satisfies SyncErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isSyncError(value: unknown): value is SyncError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
