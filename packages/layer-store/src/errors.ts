import { DrayageError, errorGuard } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type LayerStoreErrorCode = LayerStoreError['code']

/** A layer whose tar has another DiffID than its image says. */
export class DiffIdMismatchError extends DrayageError<'ERR_DIFF_ID_MISMATCH'> {
  override readonly name: string = 'DiffIdMismatchError'
  /** The DiffID of the tar in the blob. */
  readonly actual: string
  /** The DiffID in the image's config. */
  readonly expected: string
  /** The digest of the blob. */
  readonly blob: string

  constructor(actual: string, expected: string, blob: string, options?: ErrorOptions) {
    super(
      'ERR_DIFF_ID_MISMATCH',
      `Cannot register layer "${blob}": its DiffID is ${actual}, expected ${expected}`,
      options,
    )
    this.actual = actual
    this.expected = expected
    this.blob = blob
  }
}

/** A layer without an index, because it is not a valid tar or its headers are beyond the limits. */
export class LayerTarError extends DrayageError<'ERR_LAYER_TAR'> {
  override readonly name: string = 'LayerTarError'
  /** Where in the uncompressed tar, in bytes. */
  readonly offset: number
  /** What was found there, such as `a header with a wrong checksum`. */
  readonly found: string

  constructor(found: string, offset: number, options?: ErrorOptions) {
    super('ERR_LAYER_TAR', `Cannot list the layer's tar: it has ${found} at byte ${offset}`, {
      ...options,
      hint: 'Programs that unpack it stop there; its bytes can be pushed, copied and saved.',
    })
    this.found = found
    this.offset = offset
  }
}

/** A ChainID under which no layer is registered. */
export class LayerNotFoundError extends DrayageError<'ERR_LAYER_NOT_FOUND'> {
  override readonly name: string = 'LayerNotFoundError'
  readonly chainId: string

  constructor(chainId: string, options?: ErrorOptions) {
    super('ERR_LAYER_NOT_FOUND', `Cannot find layer "${chainId}": it is not registered`, options)
    this.chainId = chainId
  }
}

/** A layer on top of too many others. */
export class LayerDepthError extends DrayageError<'ERR_LAYER_DEPTH'> {
  override readonly name: string = 'LayerDepthError'
  readonly maxDepth: number

  constructor(blob: string, maxDepth: number, options?: ErrorOptions) {
    super(
      'ERR_LAYER_DEPTH',
      `Cannot register layer "${blob}": max depth exceeded, expected at most ${maxDepth} layers`,
      options,
    )
    this.maxDepth = maxDepth
  }
}

/** A layer to register that needs to be measured: nothing is known about its blob, or its measurement is gone. */
export class LayerUnmeasuredError extends DrayageError<'ERR_LAYER_UNMEASURED'> {
  override readonly name: string = 'LayerUnmeasuredError'
  readonly blob: string

  constructor(blob: string, options?: ErrorOptions) {
    super('ERR_LAYER_UNMEASURED', `Cannot register layer "${blob}": it has not been measured`, options)
    this.blob = blob
  }
}

/** A registered layer whose stored content no longer gives its tar. */
export class LayerCorruptError extends DrayageError<'ERR_LAYER_CORRUPT'> {
  override readonly name: string = 'LayerCorruptError'
  readonly chainId: string
  /** What was found, such as `its DiffID is sha256:...`. */
  readonly found: string
  readonly expected: string

  constructor(chainId: string, found: string, expected: string, options?: ErrorOptions) {
    super('ERR_LAYER_CORRUPT', `Cannot read layer "${chainId}": ${found}, expected ${expected}`, {
      ...options,
      hint: 'Its stored content was changed or removed; pull the image again.',
    })
    this.chainId = chainId
    this.found = found
    this.expected = expected
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

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isLayerStoreError: (value: unknown) => value is LayerStoreError = errorGuard<LayerStoreError>([
  'ERR_DIFF_ID_MISMATCH',
  'ERR_LAYER_TAR',
  'ERR_LAYER_NOT_FOUND',
  'ERR_LAYER_DEPTH',
  'ERR_LAYER_UNMEASURED',
  'ERR_LAYER_CORRUPT',
])
