import path from 'node:path'

import { viaDocker, type BenchContext, type Row } from '../row.ts'

/** Pulls an image that is already present. */
export function upToDateRow(context: BenchContext): Row {
  const { reference, dray, work } = context
  const pull = [...dray, '--store', path.join(work, 'store'), 'pull', '-q', reference]
  return {
    title: '"up to date" pull',
    runs: 7,
    contenders: [
      { name: 'dray', command: () => pull, prepare: () => [pull] },
      ...viaDocker(context, (docker) => {
        const command = [...docker, 'pull', '-q', reference]
        return { command: () => command, prepare: () => [command] }
      }),
    ],
  }
}
