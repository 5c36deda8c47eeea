import { escapeText } from '@drayage/bytes'
import { formatSize } from '@drayage/distribution'
import { imageHistory } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { onePlatform } from '../input/platforms.ts'
import { createdColumns, columnId } from '../output/docker-columns.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'

/** Options of `dray history`. */
export interface HistoryCommandOptions {
  readonly quiet?: boolean | undefined
  readonly trunc: boolean
  readonly format?: string | undefined
  readonly platform?: string | undefined
}

const COLUMNS: readonly Column[] = [
  ['IMAGE', 'ID'],
  ['CREATED', 'CreatedSince'],
  ['CREATED BY', 'CreatedBy'],
  ['SIZE', 'Size'],
  ['COMMENT', 'Comment'],
]

/** `dray history REF`: how an image was made, newest step first, in docker's columns. */
export async function historyCommand(
  context: CommandContext,
  name: string,
  { quiet = false, trunc, format = 'table', platform: text }: HistoryCommandOptions,
): Promise<void> {
  const printer = createRowPrinter(context, quiet ? '{{.ID}}' : format, COLUMNS)
  const platform = onePlatform(text)
  for (const entry of await imageHistory(context.runtime, name, { signal: context.signal, platform })) {
    await printer.row({
      ID: columnId(entry.Id, trunc),
      ...createdColumns(entry.Created),
      // Builders that make equal images again write the start of 1970 for every step; docker shows no age of it.
      ...(entry.Created <= 0 && { CreatedSince: 'N/A' }),
      CreatedBy: trunc ? shorten(entry.CreatedBy) : entry.CreatedBy,
      Size: formatSize(entry.Size),
      Comment: entry.Comment,
    })
  }
  await printer.end()
}

/** The most characters of a command that a table shows. */
const SHOWN_COMMAND = 45

function shorten(command: string): string {
  const text = escapeText(command.replaceAll('\t', ' '))
  return text.length > SHOWN_COMMAND ? `${text.slice(0, SHOWN_COMMAND - 1)}…` : text
}
