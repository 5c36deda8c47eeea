import { DrayageError, errorGuard, type DrayageErrorOptions } from '@drayage/bytes'

/** Code of {@link EngineRequestError}. */
export type EngineApiErrorCode = 'ERR_ENGINE_REQUEST'

/** A request that is answered with an error; the client gets its message. */
export class EngineRequestError extends DrayageError<'ERR_ENGINE_REQUEST'> {
  override readonly name: string = 'EngineRequestError'
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(status: number, message: string, options?: DrayageErrorOptions) {
    super('ERR_ENGINE_REQUEST', message, options)
    this.status = status
  }
}

/** Any error of this package. */
export type EngineApiError = EngineRequestError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isEngineApiError: (value: unknown) => value is EngineApiError = errorGuard<EngineApiError>([
  'ERR_ENGINE_REQUEST',
])
