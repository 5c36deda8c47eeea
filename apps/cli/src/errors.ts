import { DrayageError, quote, type DrayageErrorOptions } from '@drayage/bytes'

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

/** A store in which something is wrong that was not, or could not be, mended. */
export class StoreFaultsError extends DrayageError<'ERR_STORE_FAULTS'> {
  override readonly name: string = 'StoreFaultsError'

  constructor(store: string, faults: number, wasRepaired: boolean) {
    const found = faults === 1 ? '1 fault' : `${faults} faults`
    const hint = wasRepaired
      ? 'What cannot be brought again can be loaded, or removed with what needs it.'
      : 'Mend what can be mended with `dray fsck --repair`.'
    super('ERR_STORE_FAULTS', `Cannot rely on all of the store ${quote(store)}: ${found} found`, { hint })
  }
}
