/** What to run. */
export interface FaultOptions {
  readonly workloads: readonly string[]
  /** How many cases, over all workloads. */
  readonly count: number
  readonly seed: number
  /** Only the point of this label. */
  readonly point?: string | undefined
  /** Whether syncing does nothing, which power cuts have to bring to light: a test of the tests. */
  readonly isUnsynced?: boolean
  print(line: string): void
}

/** How many cases there were. */
export interface FaultTotals {
  cases: number
  /** In which nothing went wrong, since the command did not come to the point. */
  missed: number
  /** In which something did not hold. */
  failed: number
  /** In which all held, but files were left over. */
  leftOver: number
}

/** Runs cases. */
export type FaultKind = (options: FaultOptions) => Promise<FaultTotals>
