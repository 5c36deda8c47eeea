/** A command line that `dray` cannot carry out as it is written. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
  readonly code: 'ERR_USAGE' = 'ERR_USAGE'
}
