import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'
import { type FaultWords, FileReadError, FileWriteError, writeFailure } from '@drayage/files'

/** Codes of the errors of this package. */
export type StoreErrorCode = 'ERR_STORE_FULL' | 'ERR_STORE_UNWRITABLE' | 'ERR_STORE_UNSAFE' | 'ERR_STORE_IO'

/** Options of the errors below: what was tried, as a verb, and what happened. */
export interface StoreErrorOptions extends DrayageErrorOptions {
  /** `write` by default. */
  readonly action?: string | undefined
  /** The end of the message; that of the most frequent case by default. */
  readonly reason?: string | undefined
}

/** The file system of the store is full, or a quota is used up. What was written before is kept. */
export class StoreFullError extends DrayageError<'ERR_STORE_FULL'> {
  override readonly name: string = 'StoreFullError'
  readonly problem: 'unwritable' = 'unwritable'
  /** The file or directory that could not grow. */
  readonly path: string

  constructor(path: string, { action = 'write', reason, ...options }: StoreErrorOptions = {}) {
    const hint = 'Free some space; the same command continues where it stopped.'
    const found = reason ?? 'no space is left for the store'
    super('ERR_STORE_FULL', `Cannot ${action} ${quote(path)}: ${found}`, { hint, ...options })
    this.path = path
  }
}

/** The store can only be read, because of its permissions or its mount. */
export class StoreUnwritableError extends DrayageError<'ERR_STORE_UNWRITABLE'> {
  override readonly name: string = 'StoreUnwritableError'
  readonly problem: 'unwritable' = 'unwritable'
  /** The file or directory that could not be changed. */
  readonly path: string

  constructor(path: string, { action = 'write', reason, ...options }: StoreErrorOptions = {}) {
    const hint = 'Use a store that you may write to.'
    const found = reason ?? 'permission denied'
    super('ERR_STORE_UNWRITABLE', `Cannot ${action} ${quote(path)}: ${found}`, { hint, ...options })
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

  constructor(path: string, { action = 'use', reason, ...options }: StoreErrorOptions = {}) {
    const hint = 'Check the disk before you rely on it.'
    const found = reason ?? 'the disk reports an error'
    super('ERR_STORE_IO', `Cannot ${action} ${quote(path)}: ${found}`, { hint, ...options })
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
  if (!(failure instanceof FileWriteError || failure instanceof FileReadError)) return error
  const { fault, action, reason, cause } = failure
  return storeError({ path, fault, action, reason }, { cause }) ?? failure
}

/** The store error for a failure of the file system; `undefined` if none fits. */
export function storeError(
  { path, fault, action, reason }: FaultWords & { readonly path: string },
  { cause }: ErrorOptions,
): StoreFullError | StoreUnwritableError | StoreIoError | undefined {
  const options = { action, reason, cause }
  switch (fault) {
    case 'full':
      return new StoreFullError(path, options)
    case 'denied':
      return new StoreUnwritableError(path, options)
    case 'disk':
      return new StoreIoError(path, options)
    default:
      return undefined
  }
}
