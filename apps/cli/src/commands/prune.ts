import { pruneImages } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatSize } from '../format/size.ts'

/** Options of `dray prune`. */
export interface PruneCommandOptions {
  readonly all?: boolean | undefined
  readonly filter: readonly string[]
}

/** `dray prune [-a] [--filter F]`: images without a tag, and what failed commands left. */
export async function pruneCommand(
  { runtime, signal, print }: CommandContext,
  { all = false, filter }: PruneCommandOptions,
): Promise<void> {
  const { removed, bytes } = await pruneImages(runtime, { all, filters: filter, signal })
  for (const line of removed)
    await print('Untagged' in line ? `Untagged: ${line.Untagged}` : `Deleted: ${line.Deleted}`)
  await print(`Total reclaimed space: ${formatSize(bytes)}`)
}
