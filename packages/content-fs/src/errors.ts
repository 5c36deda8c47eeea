import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'
import { FileWriteError, systemCode, writeFailure } from '@drayage/files'

/** Codes of the errors of this package. */
export type StoreErrorCode = 'ERR_STORE_FULL' | 'ERR_STORE_UNWRITABLE' | 'ERR_STORE_UNSAFE' | 'ERR_STORE_IO'

/** The file system of the store is full, or a quota is used up. What was written before is kept. */
export class StoreFullError extends DrayageError<'ERR_STORE_FULL'> {
  override readonly name: string = 'StoreFullError'
  readonly problem: 'unwritable' = 'unwritable'
  /** The file or directory that could not grow. */
  readonly path: string

  constructor(path: string, options?: DrayageErrorOptions) {
    const hint = 'Free some space; the same command continues where it stopped.'
    super('ERR_STORE_FULL', `Cannot write ${quote(path)}: no space is left for the store`, { hint, ...options })
    this.path = path
  }
}

/** The store can only be read, because of its permissions or its mount. */
export class StoreUnwritableError extends DrayageError<'ERR_STORE_UNWRITABLE'> {
  override readonly name: string = 'StoreUnwritableError'
  readonly problem: 'unwritable' = 'unwritable'
  /** The file or directory that could not be changed. */
  readonly path: string

  constructor(path: string, why: string, options?: DrayageErrorOptions) {
    const hint = 'Use a store that you may write to.'
    super('ERR_STORE_UNWRITABLE', `Cannot write ${quote(path)}: ${why}`, { hint, ...options })
    this.path = path
  }
}

/** A part of the store is not what a store consists of, or belongs to another user; nothing was changed. */
export class StoreUnsafeError extends DrayageError<'ERR_STORE_UNSAFE'> {
  override readonly name: string = 'StoreUnsafeError'
  /** The part in question. */
  readonly path: string

  constructor(path: string, found: string, options?: DrayageErrorOptions) {
    const wanted = 'expected a file or directory of its own'
    super('ERR_STORE_UNSAFE', `Cannot use ${quote(path)} in a store: it is ${found}, ${wanted}`, options)
    this.path = path
  }
}

/** The disk failed. Bytes that it may have lost are dropped and have to come again. */
export class StoreIoError extends DrayageError<'ERR_STORE_IO'> {
  override readonly name: string = 'StoreIoError'
  readonly problem: 'unwritable' = 'unwritable'
  /** The file or directory in question. */
  readonly path: string

  constructor(path: string, options?: DrayageErrorOptions) {
    const hint = 'Check the disk before you rely on it.'
    super('ERR_STORE_IO', `Cannot rely on ${quote(path)}: the disk reports an error`, { hint, ...options })
    this.path = path
  }
}

/** Any error of this package. */
export type StoreError = StoreFullError | StoreUnwritableError | StoreUnsafeError | StoreIoError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isStoreError: (value: unknown) => value is StoreError = errorGuard<StoreError>([
  'ERR_STORE_FULL',
  'ERR_STORE_UNWRITABLE',
  'ERR_STORE_UNSAFE',
  'ERR_STORE_IO',
])

/** The error to throw for a failed change of `path`; an error that is not of the system is `error` itself. */
export function storeFailure(error: unknown, path: string): unknown {
  const failure = writeFailure(error, path)
  if (!(failure instanceof FileWriteError)) return error
  switch (failure.fault) {
    case 'full':
      return new StoreFullError(path, { cause: error })
    case 'denied':
      return new StoreUnwritableError(path, systemCode(failure.cause) ?? 'permission denied', { cause: error })
    case 'disk':
      return new StoreIoError(path, { cause: error })
    default:
      return failure
  }
}
