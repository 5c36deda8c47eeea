import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'

/** A command line that `dray` cannot carry out as it is written. */
export class UsageError extends DrayageError<'ERR_USAGE'> {
  override readonly name: string = 'UsageError'

  constructor(message: string, options?: DrayageErrorOptions) {
    super('ERR_USAGE', message, options)
  }
}

/** The end of a command whose errors were printed already; the cause decides the exit code. */
export class ReportedError extends Error {
  override readonly name: string = 'ReportedError'

  constructor(cause: unknown) {
    super('Cannot finish: an error was reported', { cause })
  }
}
