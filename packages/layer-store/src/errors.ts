/** Codes of the errors of this package. */
export type LayerStoreErrorCode =
  | 'ERR_DIFF_ID_MISMATCH'
  | 'ERR_LAYER_TAR'
  | 'ERR_LAYER_NOT_FOUND'
  | 'ERR_LAYER_DEPTH'
  | 'ERR_LAYER_UNMEASURED'
  | 'ERR_LAYER_CORRUPT'

/** A layer whose tar is another one than its image says. */
export class DiffIdMismatchError extends Error {
  override readonly name: string = 'DiffIdMismatchError'
  readonly code: 'ERR_DIFF_ID_MISMATCH' = 'ERR_DIFF_ID_MISMATCH'
  /** The DiffID of the tar in the blob. */
  readonly actual: string
  /** The DiffID in the image's config. */
  readonly expected: string
  /** The digest of the blob. */
  readonly blob: string

  constructor(actual: string, expected: string, blob: string, options?: ErrorOptions) {
    super(`Cannot register layer "${blob}": its DiffID is ${actual}, expected ${expected}`, options)
    this.actual = actual
    this.expected = expected
    this.blob = blob
  }
}

/** A layer that is not a valid tar, or whose headers are beyond the limits. */
export class LayerTarError extends Error {
  override readonly name: string = 'LayerTarError'
  readonly code: 'ERR_LAYER_TAR' = 'ERR_LAYER_TAR'
  /** Where in the uncompressed tar, in bytes. */
  readonly offset: number
  /** What was found there. */
  readonly found: string

  constructor(found: string, offset: number, options?: ErrorOptions) {
    super(`Cannot index the layer's tar at byte ${offset}: ${found}, expected a valid entry`, options)
    this.found = found
    this.offset = offset
  }
}

/** A layer that is not registered. */
export class LayerNotFoundError extends Error {
  override readonly name: string = 'LayerNotFoundError'
  readonly code: 'ERR_LAYER_NOT_FOUND' = 'ERR_LAYER_NOT_FOUND'
  readonly chainId: string

  constructor(chainId: string, options?: ErrorOptions) {
    super(`Cannot find layer "${chainId}": it is not registered, expected a registered ChainID`, options)
    this.chainId = chainId
  }
}

/** A layer on too many others. */
export class LayerDepthError extends Error {
  override readonly name: string = 'LayerDepthError'
  readonly code: 'ERR_LAYER_DEPTH' = 'ERR_LAYER_DEPTH'
  readonly maxDepth: number

  constructor(blob: string, maxDepth: number, options?: ErrorOptions) {
    super(`Cannot register layer "${blob}": max depth exceeded, expected at most ${maxDepth} layers`, options)
    this.maxDepth = maxDepth
  }
}

/** A blob that is registered without a measurement although nothing is known about it. */
export class LayerUnmeasuredError extends Error {
  override readonly name: string = 'LayerUnmeasuredError'
  readonly code: 'ERR_LAYER_UNMEASURED' = 'ERR_LAYER_UNMEASURED'
  readonly blob: string

  constructor(blob: string, options?: ErrorOptions) {
    super(`Cannot register layer "${blob}": its DiffID is not known, expected a measurement`, options)
    this.blob = blob
  }
}

/** A registered layer whose stored content no longer gives its tar. */
export class LayerCorruptError extends Error {
  override readonly name: string = 'LayerCorruptError'
  readonly code: 'ERR_LAYER_CORRUPT' = 'ERR_LAYER_CORRUPT'
  readonly chainId: string

  constructor(chainId: string, found: string, expected: string, options?: ErrorOptions) {
    super(
      `Cannot read layer "${chainId}": ${found}, expected ${expected}; its stored content was changed or removed, pulling the image again may help`,
      options,
    )
    this.chainId = chainId
  }
}

/** Any error of this package. */
export type LayerStoreError =
  | DiffIdMismatchError
  | LayerTarError
  | LayerNotFoundError
  | LayerDepthError
  | LayerUnmeasuredError
  | LayerCorruptError

const CODES: readonly string[] = [
  'ERR_DIFF_ID_MISMATCH',
  'ERR_LAYER_TAR',
  'ERR_LAYER_NOT_FOUND',
  'ERR_LAYER_DEPTH',
  'ERR_LAYER_UNMEASURED',
  'ERR_LAYER_CORRUPT',
] satisfies LayerStoreErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isLayerStoreError(value: unknown): value is LayerStoreError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
