import process from 'node:process'

import { formatSize } from '@drayage/distribution'
import { pruneImages, type PrunePlan } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { readCount, readSize } from '../input/quantities.ts'
import { askTerminal } from '../input/ask-terminal.ts'
import { columnId } from '../output/docker-columns.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'
import { removedLine } from './rmi.ts'

/** Options of `dray prune`. */
export interface PruneCommandOptions {
  readonly all?: boolean | undefined
  readonly filter?: readonly string[] | undefined
  readonly keep?: string | undefined
  readonly maxSize?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly force?: boolean | undefined
}

/** `dray prune [-a] [--filter F] [--keep N] [--max-size SIZE]`: removes images by policy, and what failed commands left behind. */
export async function pruneCommand(
  context: CommandContext,
  { all = false, filter = [], keep, maxSize, dryRun = false, force = false }: PruneCommandOptions,
): Promise<void> {
  const { runtime, signal, print } = context
  const isAsking = !dryRun && !force && process.stdin.isTTY && process.stderr.isTTY
  const approve = async (plan: PrunePlan): Promise<boolean> => {
    const hasWork = plan.images.length > 0 || plan.bytes > 0
    if (hasWork || dryRun) await printPlan(context, plan)
    return !dryRun && (!hasWork || (await isConfirmed(signal)))
  }
  const { removed, bytes } = await pruneImages(runtime, {
    all,
    filters: filter,
    keep: keep === undefined ? undefined : readCount('--keep', keep),
    maxBytes: maxSize === undefined ? undefined : readSize('--max-size', maxSize),
    signal,
    ...((dryRun || isAsking) && { approve }),
  })
  for (const item of removed) await print(removedLine(item))
  if (!dryRun) await print(`Total reclaimed space: ${formatSize(bytes)}`)
}

const COLUMNS: readonly Column[] = [
  ['WOULD REMOVE', 'Names'],
  ['IMAGE ID', 'ID'],
  ['FREES', 'Size'],
]

async function printPlan(
  context: CommandContext,
  { images, looseBytes, partialBytes, bytes }: PrunePlan,
): Promise<void> {
  if (images.length > 0) {
    const printer = createRowPrinter(context, 'table', COLUMNS)
    for (const { id, names, bytes: freed } of images) {
      const tags = names.filter((name) => !name.includes('@'))
      const text = names.length === 0 ? '<none>' : (tags.length > 0 ? tags : names).join(', ')
      await printer.row({ Names: text, ID: columnId(id, true), Size: formatSize(freed) })
    }
    await printer.end()
  }
  if (looseBytes > 0) await context.print(`Content that nothing needs: ${formatSize(looseBytes)}`)
  if (partialBytes > 0) await context.print(`Unfinished downloads: ${formatSize(partialBytes)}`)
  await context.print(`Total reclaimable space: ${formatSize(bytes)}`)
}

async function isConfirmed(signal: AbortSignal): Promise<boolean> {
  const answer = await askTerminal('Are you sure you want to continue? [y/N] ', { signal })
  return /^y(es)?$/i.test(answer.trim())
}
