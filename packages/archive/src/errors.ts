import { DrayageError, type DrayageErrorOptions, errorGuard, quote } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type ArchiveErrorCode = ArchiveError['code']

/** A file that exists and holds something. */
export class ArchiveExistsError extends DrayageError<'ERR_ARCHIVE_EXISTS'> {
  override readonly name: string = 'ArchiveExistsError'
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(
      'ERR_ARCHIVE_EXISTS',
      `Cannot write ${quote(path)}: docker-archive doesn't support modifying existing images`,
      {
        ...options,
        hint: 'Write to another file, or remove this one first.',
      },
    )
    this.path = path
  }
}

/** An image that an archive cannot hold as it was given. */
export class ArchiveImageError extends DrayageError<'ERR_ARCHIVE_IMAGE'> {
  override readonly name: string = 'ArchiveImageError'

  constructor(reason: string, options?: ErrorOptions) {
    super('ERR_ARCHIVE_IMAGE', `Cannot add the image to the archive: ${reason}`, options)
  }
}

const STATES = { finished: 'it is finished', failed: 'it failed before', disposed: 'it was given up' } as const

/** An archive that takes nothing any more. */
export class ArchiveClosedError extends DrayageError<'ERR_ARCHIVE_CLOSED'> {
  override readonly name: string = 'ArchiveClosedError'

  constructor(state: keyof typeof STATES, options?: ErrorOptions) {
    super('ERR_ARCHIVE_CLOSED', `Cannot write the archive: ${STATES[state]}`, options)
  }
}

/**
 * What is wrong with an archive: it is no whole tar (`tar`), lacks a file (`missing`), has links that lead nowhere (`link`),
 * something else where a file belongs (`type`), or a file with other content than it should have (`content`).
 */
export type ArchiveFault = 'tar' | 'missing' | 'link' | 'type' | 'content'

/** An archive that cannot be read because of what it holds. */
export class ArchiveFormatError extends DrayageError<'ERR_ARCHIVE_FORMAT'> {
  override readonly name: string = 'ArchiveFormatError'
  readonly fault: ArchiveFault

  /** @param reason shown as it is: text of an archive goes through `quote` first */
  constructor(fault: ArchiveFault, reason: string, options?: DrayageErrorOptions) {
    super('ERR_ARCHIVE_FORMAT', `Cannot read the archive: ${reason}`, options)
    this.fault = fault
  }
}

/** Which limit an archive exceeds. */
export type ArchiveLimit = 'maxBytes' | 'members' | 'names' | 'extendedHeader' | 'file' | 'images' | 'layers'

/** An archive that holds more than its reader accepts. */
export class ArchiveLimitError extends DrayageError<'ERR_ARCHIVE_LIMIT'> {
  override readonly name: string = 'ArchiveLimitError'
  readonly limit: ArchiveLimit
  /** The value of that limit. */
  readonly max: number

  constructor(limit: ArchiveLimit, found: string, max: number, options?: ErrorOptions) {
    super('ERR_ARCHIVE_LIMIT', `Cannot read the archive: it has ${found}, expected at most ${max} (${limit})`, options)
    this.limit = limit
    this.max = max
  }
}

/** A choice among the images of an archive, a layout or a directory that fits none of them, or several. */
export class ArchiveSelectionError extends DrayageError<'ERR_ARCHIVE_SELECTION'> {
  override readonly name: string = 'ArchiveSelectionError'
  /** How many images fit. */
  readonly count: number

  constructor(reason: string, count: number, options?: DrayageErrorOptions) {
    super('ERR_ARCHIVE_SELECTION', `Cannot choose an image: ${reason}`, options)
    this.count = count
  }
}

/** A directory that holds something else than an OCI image layout of a known version. */
export class LayoutError extends DrayageError<'ERR_LAYOUT'> {
  override readonly name: string = 'LayoutError'
  readonly directory: string

  constructor(directory: string, reason: string, options?: ErrorOptions) {
    super('ERR_LAYOUT', `Cannot use ${quote(directory)} as an OCI layout: ${reason}`, options)
    this.directory = directory
  }
}

/** A directory that holds something else than one image with a file for each blob. */
export class DirImageError extends DrayageError<'ERR_DIR_IMAGE'> {
  override readonly name: string = 'DirImageError'
  readonly directory: string

  constructor(directory: string, reason: string, options?: DrayageErrorOptions) {
    super('ERR_DIR_IMAGE', `Cannot use ${quote(directory)} as a directory of an image: ${reason}`, options)
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

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isArchiveError: (value: unknown) => value is ArchiveError = errorGuard<ArchiveError>([
  'ERR_ARCHIVE_EXISTS',
  'ERR_ARCHIVE_IMAGE',
  'ERR_ARCHIVE_CLOSED',
  'ERR_ARCHIVE_FORMAT',
  'ERR_ARCHIVE_LIMIT',
  'ERR_ARCHIVE_SELECTION',
  'ERR_LAYOUT',
  'ERR_DIR_IMAGE',
])
