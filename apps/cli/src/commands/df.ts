import { formatSize } from '@drayage/distribution'
import { diskUsage, storeUsage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { columnId } from '../output/docker-columns.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'

/** Options of `dray df`. */
export interface DfCommandOptions {
  readonly format?: string | undefined
}

const COLUMNS: readonly Column[] = [
  ['IMAGE', 'Name'],
  ['IMAGE ID', 'ID'],
  ['SIZE', 'Size'],
  ['SHARED SIZE', 'SharedSize'],
  ['UNIQUE SIZE', 'UniqueSize'],
]

/** `dray df`: how much disk space the store takes, and which part of each image no other image shares. */
export async function dfCommand(context: CommandContext, { format = 'table' }: DfCommandOptions): Promise<void> {
  const { Images } = await diskUsage(context.runtime, { signal: context.signal })
  const isFaulty = Images.some(({ Fault }) => Fault !== undefined)
  const printer = createRowPrinter(context, format, isFaulty ? [...COLUMNS, ['FAULT', 'Fault']] : COLUMNS)
  for (const { Id, RepoTags, Size, SharedSize, Fault = '' } of Images) {
    await printer.row({
      Name: RepoTags[0] ?? '<none>',
      ID: columnId(Id, true),
      Size: formatSize(Size),
      SharedSize: formatSize(SharedSize),
      UniqueSize: formatSize(Size - SharedSize),
      Fault,
    })
  }
  await printer.end()
  await printTotals(context, format)
}

/** The totals, where the output is no template of rows. */
async function printTotals(context: CommandContext, format: string): Promise<void> {
  if (format !== 'table' && format !== 'json') return
  const usage = await storeUsage(context.runtime, { signal: context.signal })
  const totals = {
    OnDisk: formatSize(usage.bytes),
    SharedSize: formatSize(usage.shared),
    UniqueSize: formatSize(usage.unique),
    Reclaimable: formatSize(usage.reclaimable),
    Partial: formatSize(usage.partial),
  }
  if (format === 'json') return await createRowPrinter(context, format, []).row(totals)
  const { OnDisk, SharedSize, UniqueSize, Reclaimable, Partial } = totals
  await context.print(
    `\nOn disk: ${OnDisk} (shared: ${SharedSize}, unique: ${UniqueSize}), reclaimable: ${Reclaimable}, partial: ${Partial}`,
  )
}
