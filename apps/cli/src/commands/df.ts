import { diskUsage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatSize } from '../format/size.ts'
import { formatTable } from '../format/table.ts'
import { formatRows } from '../print-formatted.ts'

/** Options of `dray df`. */
export interface DfCommandOptions {
  readonly format?: string | undefined
}

/** `dray df`: what the store takes on the disk, and of each image which bytes it has alone. */
export async function dfCommand(context: CommandContext, { format }: DfCommandOptions): Promise<void> {
  const { LayersSize, Images } = await diskUsage(context.runtime, { signal: context.signal })
  const rows = Images.map(({ Id, RepoTags, Size, SharedSize }) => ({
    Name: RepoTags[0] ?? '<none>',
    ID: Id.replace(/^sha256:/, '').slice(0, 12),
    Size: formatSize(Size),
    SharedSize: formatSize(SharedSize),
    UniqueSize: formatSize(Size - SharedSize),
  }))
  if (format !== undefined && format !== 'table') {
    for (const line of formatRows(format, rows, context)) await context.print(line)
    return
  }
  const cells = rows.map((row) => [row.Name, row.ID, row.Size, row.SharedSize, row.UniqueSize])
  await context.print(formatTable(['IMAGE', 'IMAGE ID', 'SIZE', 'SHARED SIZE', 'UNIQUE SIZE'], cells))
  await context.print(`\nOn the disk: ${formatSize(LayersSize)}`)
}
