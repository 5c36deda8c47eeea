import { checkStore, findingText, type StoreFinding } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { StoreFaultsError } from '../errors.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'
import { lineOf } from '../output/write-out.ts'

/** Options of `dray fsck`. */
export interface FsckCommandOptions {
  readonly deep?: boolean | undefined
  readonly repair?: boolean | undefined
  readonly format?: string | undefined
}

const COLUMNS: readonly Column[] = [
  ['STATE', 'State'],
  ['KIND', 'Kind'],
  ['WHAT', 'What'],
  ['PROBLEM', 'Problem'],
  ['NEEDED BY', 'NeededBy'],
  ['NOTE', 'Note'],
]

/** `dray fsck [NAME...]`: prints a line for each thing that is found in the store, and fails unless all of it was mended. */
export async function fsckCommand(
  context: CommandContext,
  names: readonly string[],
  { deep = false, repair = false, format }: FsckCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const printer = format === undefined ? undefined : createRowPrinter(context, format, COLUMNS)
  let faults = 0
  for await (const finding of checkStore(runtime, { names, deep, repair, signal })) {
    if (finding.state === 'fault') faults += 1
    if (printer === undefined) await context.print(lineOf(findingText(finding)))
    else await printer.row(rowOf(finding))
  }
  await printer?.end()
  if (faults > 0) throw new StoreFaultsError(runtime.store.location, faults, repair)
}

function rowOf({ state, kind, what, problem, neededBy, note = '' }: StoreFinding): Record<string, unknown> {
  return { State: state, Kind: kind, What: what, Problem: problem, NeededBy: neededBy.join(','), Note: note }
}
