/** Codes of the errors of this package. */
export type StoreErrorCode = 'ERR_STORE_FULL' | 'ERR_STORE_UNWRITABLE' | 'ERR_STORE_UNSAFE' | 'ERR_STORE_IO'

/** The file system of the store is full, or a quota is used up. What was written before is kept. */
export class StoreFullError extends Error {
  override readonly name: string = 'StoreFullError'
  readonly code: 'ERR_STORE_FULL' = 'ERR_STORE_FULL'
  /** The file or directory that could not grow. */
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot write "${path}": no space is left, expected room for more bytes`, options)
    this.path = path
  }
}

/** The store may be read only: by its permissions or its mount. */
export class StoreUnwritableError extends Error {
  override readonly name: string = 'StoreUnwritableError'
  readonly code: 'ERR_STORE_UNWRITABLE' = 'ERR_STORE_UNWRITABLE'
  /** The file or directory that could not be changed. */
  readonly path: string

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`Cannot write "${path}": found ${found}, expected a writable store`, options)
    this.path = path
  }
}

/** A part of the store is not what a store consists of, or belongs to somebody else; nothing was changed. */
export class StoreUnsafeError extends Error {
  override readonly name: string = 'StoreUnsafeError'
  readonly code: 'ERR_STORE_UNSAFE' = 'ERR_STORE_UNSAFE'
  /** The part in question. */
  readonly path: string

  constructor(path: string, found: string, options?: ErrorOptions) {
    super(`Cannot use "${path}" in a store: found ${found}, expected its own file or directory`, options)
    this.path = path
  }
}

/** The disk failed. Bytes that it may have lost are dropped and have to come again. */
export class StoreIoError extends Error {
  override readonly name: string = 'StoreIoError'
  readonly code: 'ERR_STORE_IO' = 'ERR_STORE_IO'
  /** The file or directory in question. */
  readonly path: string

  constructor(path: string, options?: ErrorOptions) {
    super(`Cannot rely on "${path}": the disk reports an error, expected none`, options)
    this.path = path
  }
}

/** Any error of this package. */
export type StoreError = StoreFullError | StoreUnwritableError | StoreUnsafeError | StoreIoError

const CODES: readonly string[] = [
  'ERR_STORE_FULL',
  'ERR_STORE_UNWRITABLE',
  'ERR_STORE_UNSAFE',
  'ERR_STORE_IO',
] satisfies StoreErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isStoreError(value: unknown): value is StoreError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
