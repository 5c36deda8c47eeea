/** Codes of the errors of this package. */
export type ArchiveErrorCode = 'ERR_ARCHIVE_EXISTS' | 'ERR_ARCHIVE_IMAGE' | 'ERR_ARCHIVE_CLOSED' | 'ERR_LAYOUT'

const LONGEST_SHOWN = 160

function shown(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_SHOWN))
}

/** A file that is there and holds something. */
export class ArchiveExistsError extends Error {
  override readonly name: string = 'ArchiveExistsError'
  readonly code: 'ERR_ARCHIVE_EXISTS' = 'ERR_ARCHIVE_EXISTS'
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot write ${shown(path)}: docker-archive doesn't support modifying existing images`, options)
    this.path = path
  }
}

/** An image that an archive cannot hold as it was given. */
export class ArchiveImageError extends Error {
  override readonly name: string = 'ArchiveImageError'
  readonly code: 'ERR_ARCHIVE_IMAGE' = 'ERR_ARCHIVE_IMAGE'

  constructor(found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot add image to the archive: found ${found}, expected ${wanted}`, options)
  }
}

/** An archive that is finished, that was given up, or that failed before. */
export class ArchiveClosedError extends Error {
  override readonly name: string = 'ArchiveClosedError'
  readonly code: 'ERR_ARCHIVE_CLOSED' = 'ERR_ARCHIVE_CLOSED'

  constructor(state: 'finished' | 'failed' | 'disposed', options?: ErrorOptions) {
    super(`Cannot write the archive: it is ${state}, expected an open one`, options)
  }
}

/** A directory that holds something else than an OCI image layout of a known version. */
export class LayoutError extends Error {
  override readonly name: string = 'LayoutError'
  readonly code: 'ERR_LAYOUT' = 'ERR_LAYOUT'
  readonly directory: string

  constructor(directory: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot use ${shown(directory)} as an OCI layout: found ${found}, expected ${wanted}`, options)
    this.directory = directory
  }
}

/** Any error of this package. */
export type ArchiveError = ArchiveExistsError | ArchiveImageError | ArchiveClosedError | LayoutError

const CODES: readonly string[] = [
  'ERR_ARCHIVE_EXISTS',
  'ERR_ARCHIVE_IMAGE',
  'ERR_ARCHIVE_CLOSED',
  'ERR_LAYOUT',
] satisfies ArchiveErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isArchiveError(value: unknown): value is ArchiveError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
