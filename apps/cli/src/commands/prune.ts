import { formatSize } from '@drayage/distribution'
import { pruneImages } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { removedLine } from './rmi.ts'

/** Options of `dray prune`. */
export interface PruneCommandOptions {
  readonly all?: boolean | undefined
  readonly filter?: readonly string[] | undefined
}

/** `dray prune [-a] [--filter F]`: removes what nothing names any more, and what failed commands left behind. */
export async function pruneCommand(
  { runtime, signal, print }: CommandContext,
  { all = false, filter = [] }: PruneCommandOptions,
): Promise<void> {
  const { removed, bytes } = await pruneImages(runtime, { all, filters: filter, signal })
  for (const item of removed) await print(removedLine(item))
  await print(`Total reclaimed space: ${formatSize(bytes)}`)
}
