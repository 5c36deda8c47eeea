import { shortHex, type ImageId } from '@drayage/digest'

/** Codes of the errors of this package. */
export type ImageStoreErrorCode =
  | 'ERR_STORE_VERSION'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_BUSY'
  | 'ERR_IMAGE_NOT_FOUND'
  | 'ERR_IMAGE_AMBIGUOUS'
  | 'ERR_IMAGE_CONFLICT'
  | 'ERR_NAME_REFUSED'

const LONGEST_SHOWN = 160

function shown(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_SHOWN))
}

/** A database that a newer release wrote. */
export class StoreVersionError extends Error {
  override readonly name: string = 'StoreVersionError'
  readonly code: 'ERR_STORE_VERSION' = 'ERR_STORE_VERSION'
  /** The layout version of the database. */
  readonly found: number
  /** The newest layout version that this release knows. */
  readonly supported: number

  constructor(path: string, found: number, supported: number, options?: ErrorOptions) {
    super(`Cannot open database ${shown(path)}: found layout version ${found}, expected at most ${supported}`, options)
    this.found = found
    this.supported = supported
  }
}

/** A file that is no database, or a damaged one. It can be rebuilt: see `rebuildImageStore`. */
export class StoreCorruptError extends Error {
  override readonly name: string = 'StoreCorruptError'
  readonly code: 'ERR_STORE_CORRUPT' = 'ERR_STORE_CORRUPT'
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot read database ${shown(path)}: found damage, expected a sound database`, options)
    this.path = path
  }
}

/** Another process held the database for longer than the timeout. */
export class StoreBusyError extends Error {
  override readonly name: string = 'StoreBusyError'
  readonly code: 'ERR_STORE_BUSY' = 'ERR_STORE_BUSY'
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot use database ${shown(path)}: another process holds it, expected it to be free in time`, options)
    this.path = path
  }
}

/** Text that selects no image. */
export class ImageNotFoundError extends Error {
  override readonly name: string = 'ImageNotFoundError'
  readonly code: 'ERR_IMAGE_NOT_FOUND' = 'ERR_IMAGE_NOT_FOUND'
  /** What was asked for. */
  readonly text: string

  constructor(text: string, options?: ErrorOptions) {
    super(`Cannot find image: No such image: ${shown(text).slice(1, -1)}`, options)
    this.text = text
  }
}

/** A short ID that several images start with. */
export class AmbiguousImageError extends Error {
  override readonly name: string = 'AmbiguousImageError'
  readonly code: 'ERR_IMAGE_AMBIGUOUS' = 'ERR_IMAGE_AMBIGUOUS'
  /** What was asked for. */
  readonly text: string

  constructor(text: string, options?: ErrorOptions) {
    super(`Cannot find image ${shown(text)}: the ID is ambiguous, expected more digits`, options)
    this.text = text
  }
}

/** An image that is not removed because something still needs it. */
export class ImageConflictError extends Error {
  override readonly name: string = 'ImageConflictError'
  readonly code: 'ERR_IMAGE_CONFLICT' = 'ERR_IMAGE_CONFLICT'
  readonly id: ImageId

  constructor(id: ImageId, why: string, options?: ErrorOptions) {
    super(`Cannot remove image: conflict: unable to delete ${shortHex(id)} (must be forced) - ${why}`, options)
    this.id = id
  }
}

/** A name that cannot be given. */
export class NameRefusedError extends Error {
  override readonly name: string = 'NameRefusedError'
  readonly code: 'ERR_NAME_REFUSED' = 'ERR_NAME_REFUSED'
  /** The name in full. */
  readonly reference: string

  constructor(reference: string, why: string, options?: ErrorOptions) {
    super(`Cannot tag ${shown(reference)}: ${why}`, options)
    this.reference = reference
  }
}

/** Any error of this package. */
export type ImageStoreError =
  | StoreVersionError
  | StoreCorruptError
  | StoreBusyError
  | ImageNotFoundError
  | AmbiguousImageError
  | ImageConflictError
  | NameRefusedError

const CODES: readonly string[] = [
  'ERR_STORE_VERSION',
  'ERR_STORE_CORRUPT',
  'ERR_STORE_BUSY',
  'ERR_IMAGE_NOT_FOUND',
  'ERR_IMAGE_AMBIGUOUS',
  'ERR_IMAGE_CONFLICT',
  'ERR_NAME_REFUSED',
] satisfies ImageStoreErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isImageStoreError(value: unknown): value is ImageStoreError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
