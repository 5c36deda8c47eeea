import { formatSize } from '@drayage/distribution'
import { diskUsage } from '@drayage/runtime'

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
  const { LayersSize, Images } = await diskUsage(context.runtime, { signal: context.signal })
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
  if (format === 'table') await context.print(`\nOn disk: ${formatSize(LayersSize)}`)
}
