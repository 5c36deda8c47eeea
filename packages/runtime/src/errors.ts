/** Codes of the errors of this package. */
export type RuntimeErrorCode = 'ERR_USAGE' | 'ERR_STORE_LAYOUT'

/** A place that cannot be used the way it was asked for. */
export class TransportError extends Error {
  override readonly name: string = 'TransportError'
  readonly code: 'ERR_USAGE' = 'ERR_USAGE'
}

/** A store directory of a layout that this version does not know. */
export class StoreLayoutError extends Error {
  override readonly name: string = 'StoreLayoutError'
  readonly code: 'ERR_STORE_LAYOUT' = 'ERR_STORE_LAYOUT'
  readonly directory: string

  constructor(directory: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot open store "${directory}": found layout version ${JSON.stringify(found.slice(0, 40))}, expected ${wanted}`, options)
    this.directory = directory
  }
}

/** Any error of this package. */
export type RuntimeError = TransportError | StoreLayoutError

const CODES: readonly string[] = ['ERR_USAGE', 'ERR_STORE_LAYOUT'] satisfies RuntimeErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isRuntimeError(value: unknown): value is RuntimeError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
