import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'
import { heldHint, holderText, type FileFault, type LockHolder } from '@drayage/files'

/** Codes of the errors of this package. */
export type ImageStoreErrorCode =
  | 'ERR_STORE_VERSION'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_BUSY'
  | 'ERR_DATABASE_WRITE'
  | 'ERR_IMAGE_NOT_FOUND'
  | 'ERR_IMAGE_AMBIGUOUS'
  | 'ERR_NAME_REFUSED'
  | 'ERR_LEASE_LOST'

/** A database that a newer release wrote. */
export class StoreVersionError extends DrayageError<'ERR_STORE_VERSION'> {
  override readonly name: string = 'StoreVersionError'
  /** The layout version of the database. */
  readonly found: number
  /** The newest layout version that this release knows. */
  readonly supported: number

  constructor(path: string, found: number, supported: number, options?: DrayageErrorOptions) {
    const why = `its layout version is ${found}, expected at most ${supported}`
    const hint = 'Use the release that wrote it, or a newer one.'
    super('ERR_STORE_VERSION', `Cannot open database ${quote(path)}: ${why}`, { hint, ...options })
    this.found = found
    this.supported = supported
  }
}

/** A file that is damaged or not a database. It can be rebuilt: see `rebuildImageStore`. */
export class StoreCorruptError extends DrayageError<'ERR_STORE_CORRUPT'> {
  override readonly name: string = 'StoreCorruptError'
  readonly path: string

  constructor(path: string, options?: DrayageErrorOptions) {
    super('ERR_STORE_CORRUPT', `Cannot read database ${quote(path)}: it is damaged or not a database`, options)
    this.path = path
  }
}

/** Another process held the database for longer than the timeout, or is stopped while it holds it. */
export class StoreBusyError extends DrayageError<'ERR_STORE_BUSY'> {
  override readonly name: string = 'StoreBusyError'
  readonly retryable: boolean = true
  readonly path: string

  /** `holder` is the process that holds it, where that is known. */
  constructor(
    path: string,
    { holder, ...options }: DrayageErrorOptions & { readonly holder?: LockHolder | undefined } = {},
  ) {
    const found = `${holderText(holder)} holds it`
    super('ERR_STORE_BUSY', `Cannot use database ${quote(path)}: ${found}`, { hint: heldHint(holder), ...options })
    this.path = path
  }
}

const HINTS: Partial<Record<FileFault, string>> = {
  full: 'Free some space; what the database holds is not lost.',
  denied: 'Use a store that you may write to.',
  disk: 'Check the disk before you rely on it.',
  limit: 'Close some files or connections, or raise the limit (ulimit -n).',
}

/** A database that the file system lets nobody use: the disk is full, read-only or broken, or too many files are open. */
export class DatabaseWriteError extends DrayageError<'ERR_DATABASE_WRITE'> {
  override readonly name: string = 'DatabaseWriteError'
  readonly problem: 'unwritable' = 'unwritable'
  readonly path: string

  readonly fault: FileFault

  constructor(
    path: string,
    { fault, reason }: { readonly fault: FileFault; readonly reason: string },
    options?: DrayageErrorOptions,
  ) {
    super('ERR_DATABASE_WRITE', `Cannot use database ${quote(path)}: ${reason}`, { hint: HINTS[fault], ...options })
    this.path = path
    this.fault = fault
  }
}

/** Text that selects no image. */
export class ImageNotFoundError extends DrayageError<'ERR_IMAGE_NOT_FOUND'> {
  override readonly name: string = 'ImageNotFoundError'
  /** What was asked for. */
  readonly text: string

  constructor(text: string, options?: DrayageErrorOptions) {
    super('ERR_IMAGE_NOT_FOUND', `Cannot find image ${quote(text)}: no such image`, options)
    this.text = text
  }
}

/** A short ID that several images start with. */
export class AmbiguousImageError extends DrayageError<'ERR_IMAGE_AMBIGUOUS'> {
  override readonly name: string = 'AmbiguousImageError'
  /** What was asked for. */
  readonly text: string

  constructor(text: string, options?: DrayageErrorOptions) {
    const hint = 'Give more digits of the ID.'
    super('ERR_IMAGE_AMBIGUOUS', `Cannot find image ${quote(text)}: several IDs start with it`, { hint, ...options })
    this.text = text
  }
}

/** A name that cannot be given. */
export class NameRefusedError extends DrayageError<'ERR_NAME_REFUSED'> {
  override readonly name: string = 'NameRefusedError'
  /** The name in full. */
  readonly reference: string
  /** Why, in Docker Engine's words. */
  readonly reason: string

  constructor(reference: string, reason: string, options?: DrayageErrorOptions) {
    super('ERR_NAME_REFUSED', `Cannot tag ${quote(reference)}: ${reason}`, options)
    this.reference = reference
    this.reason = reason
  }
}

/** Content of an image that was to be added is kept no longer, so that it may be gone. */
export class LeaseLostError extends DrayageError<'ERR_LEASE_LOST'> {
  override readonly name: string = 'LeaseLostError'
  readonly retryable: boolean = true
  /** What may be gone. */
  readonly digest: string

  constructor(target: string, digest: string, options?: DrayageErrorOptions) {
    const hint = 'Bring it again.'
    super('ERR_LEASE_LOST', `Cannot add ${quote(target)}: nobody keeps ${digest} any more`, { hint, ...options })
    this.digest = digest
  }
}

/** Any error of this package. */
export type ImageStoreError =
  | StoreVersionError
  | StoreCorruptError
  | StoreBusyError
  | DatabaseWriteError
  | ImageNotFoundError
  | AmbiguousImageError
  | NameRefusedError
  | LeaseLostError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isImageStoreError: (value: unknown) => value is ImageStoreError = errorGuard<ImageStoreError>([
  'ERR_STORE_VERSION',
  'ERR_STORE_CORRUPT',
  'ERR_STORE_BUSY',
  'ERR_DATABASE_WRITE',
  'ERR_IMAGE_NOT_FOUND',
  'ERR_IMAGE_AMBIGUOUS',
  'ERR_NAME_REFUSED',
  'ERR_LEASE_LOST',
])
