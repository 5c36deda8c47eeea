/** Codes of the errors of this package. */
export type EngineApiErrorCode = 'ERR_ENGINE_REQUEST'

/** A request that is answered with an error; its message is what the client gets to read. */
export class EngineRequestError extends Error {
  override readonly name: string = 'EngineRequestError'
  readonly code: 'ERR_ENGINE_REQUEST' = 'ERR_ENGINE_REQUEST'
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** Any error of this package. */
export type EngineApiError = EngineRequestError

const CODES: readonly string[] = ['ERR_ENGINE_REQUEST'] satisfies EngineApiErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isEngineApiError(value: unknown): value is EngineApiError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
