import path from 'node:path'

import { viaDocker, type BenchContext, type Row } from '../row.ts'

/** Pulls into an empty store. */
export function pullRow(context: BenchContext): Row {
  const { reference, dray, work } = context
  const store = path.join(work, 'store')
  return {
    title: 'registry → store, DiffIDs verified',
    runs: 3,
    contenders: [
      { name: 'dray', command: () => [...dray, '--store', store, 'pull', '-q', reference], remove: [store] },
      ...viaDocker(context, (docker) => ({
        command: () => [...docker, 'pull', '-q', reference],
        prepare: () => [[...docker, 'rmi', '-f', reference]],
      })),
    ],
  }
}
