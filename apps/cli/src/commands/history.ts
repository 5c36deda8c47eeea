import { imageHistory } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatAge } from '../format/age.ts'
import { formatSize } from '../format/size.ts'
import { formatTable } from '../format/table.ts'
import { formatRows } from '../print-formatted.ts'
import { escapeForTerminal } from '../render/escape.ts'

const SHOWN_COMMAND = 45

/** Options of `dray history`. */
export interface HistoryCommandOptions {
  readonly quiet?: boolean | undefined
  readonly trunc: boolean
  readonly format?: string | undefined
}

/** `dray history REF`: how the image was made, newest first, with docker's columns. */
export async function historyCommand(
  context: CommandContext,
  name: string,
  options: HistoryCommandOptions,
): Promise<void> {
  const entries = await imageHistory(context.runtime, name, { signal: context.signal })
  const rows = entries.map((entry) => ({
    ID: options.trunc ? entry.Id.replace(/^sha256:/, '').slice(0, 12) : entry.Id,
    CreatedSince: entry.Created === 0 ? 'N/A' : formatAge(new Date(entry.Created * 1000).toISOString()),
    CreatedAt: new Date(entry.Created * 1000).toISOString(),
    CreatedBy: shorten(entry.CreatedBy, options.trunc),
    Size: formatSize(entry.Size),
    Comment: escapeForTerminal(entry.Comment),
  }))
  if (options.quiet === true) {
    for (const row of rows) await context.print(row.ID)
    return
  }
  if (options.format !== undefined && options.format !== 'table') {
    for (const line of formatRows(options.format, rows, context)) await context.print(line)
    return
  }
  const cells = rows.map((row) => [row.ID, row.CreatedSince, row.CreatedBy, row.Size, row.Comment])
  await context.print(formatTable(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'], cells))
}

function shorten(command: string, truncate: boolean): string {
  const text = escapeForTerminal(command.replaceAll('\t', ' '), truncate ? undefined : Number.POSITIVE_INFINITY)
  return truncate && text.length > SHOWN_COMMAND ? `${text.slice(0, SHOWN_COMMAND - 1)}…` : text
}
