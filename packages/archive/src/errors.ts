/** Codes of the errors of this package. */
export type ArchiveErrorCode =
  | 'ERR_ARCHIVE_EXISTS'
  | 'ERR_ARCHIVE_IMAGE'
  | 'ERR_ARCHIVE_CLOSED'
  | 'ERR_ARCHIVE_FORMAT'
  | 'ERR_ARCHIVE_LIMIT'
  | 'ERR_ARCHIVE_SELECTION'
  | 'ERR_LAYOUT'
  | 'ERR_DIR_IMAGE'

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

/**
 * What is wrong with an archive: it is no whole tar (`tar`), lacks a file (`missing`), has a file twice that tells what
 * is in it (`duplicate`), has links that lead nowhere (`link`), something else than a file where one belongs (`type`), or
 * a file that does not say what it should (`content`).
 */
export type ArchiveFault = 'tar' | 'missing' | 'duplicate' | 'link' | 'type' | 'content'

/** An archive that cannot be read because of what it holds. */
export class ArchiveFormatError extends Error {
  override readonly name: string = 'ArchiveFormatError'
  readonly code: 'ERR_ARCHIVE_FORMAT' = 'ERR_ARCHIVE_FORMAT'
  readonly fault: ArchiveFault

  /** `found` is shown as it is: text of an archive goes through `quoted` first. */
  constructor(fault: ArchiveFault, found: string, options?: ErrorOptions) {
    super(`Cannot read the archive: ${found}`, options)
    this.fault = fault
  }
}

/** Which limit an archive crosses. */
export type ArchiveLimit =
  | 'maxBytes'
  | 'freeSpace'
  | 'members'
  | 'names'
  | 'extendedHeader'
  | 'file'
  | 'images'
  | 'layers'

/** An archive that holds more than its reader accepts. */
export class ArchiveLimitError extends Error {
  override readonly name: string = 'ArchiveLimitError'
  readonly code: 'ERR_ARCHIVE_LIMIT' = 'ERR_ARCHIVE_LIMIT'
  readonly limit: ArchiveLimit
  /** The value of that limit. */
  readonly max: number

  constructor(limit: ArchiveLimit, found: string, max: number, options?: ErrorOptions) {
    super(`Cannot read the archive: found ${found}, expected at most ${max} (${limit})`, options)
    this.limit = limit
    this.max = max
  }
}

/** A choice among the images of an archive, a layout or a directory that fits none of them, or several. */
export class ArchiveSelectionError extends Error {
  override readonly name: string = 'ArchiveSelectionError'
  readonly code: 'ERR_ARCHIVE_SELECTION' = 'ERR_ARCHIVE_SELECTION'
  /** How many images fit. */
  readonly count: number

  constructor(found: string, wanted: string, count: number, options?: ErrorOptions) {
    super(`Cannot choose an image: found ${found}, expected ${wanted}`, options)
    this.count = count
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

/** A directory that holds something else than one image with a file for each blob. */
export class DirImageError extends Error {
  override readonly name: string = 'DirImageError'
  readonly code: 'ERR_DIR_IMAGE' = 'ERR_DIR_IMAGE'
  readonly directory: string

  constructor(directory: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot use ${shown(directory)} as a directory of an image: found ${found}, expected ${wanted}`, options)
    this.directory = directory
  }
}

/** Any error of this package. */
export type ArchiveError =
  | ArchiveExistsError
  | ArchiveImageError
  | ArchiveClosedError
  | ArchiveFormatError
  | ArchiveLimitError
  | ArchiveSelectionError
  | LayoutError
  | DirImageError

const CODES: readonly string[] = [
  'ERR_ARCHIVE_EXISTS',
  'ERR_ARCHIVE_IMAGE',
  'ERR_ARCHIVE_CLOSED',
  'ERR_ARCHIVE_FORMAT',
  'ERR_ARCHIVE_LIMIT',
  'ERR_ARCHIVE_SELECTION',
  'ERR_LAYOUT',
  'ERR_DIR_IMAGE',
] satisfies ArchiveErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isArchiveError(value: unknown): value is ArchiveError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
