import { escapeJson } from '@drayage/bytes'
import { inspectImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { onePlatform } from '../input/platforms.ts'
import { createRowPrinter } from '../output/rows.ts'

/** Options of `dray inspect`. */
export interface InspectCommandOptions {
  readonly format?: string | undefined
  readonly platform?: string | undefined
}

/** `dray inspect REF...`: images with docker's JSON field names. Those that exist are printed even if others do not. */
export async function inspectCommand(
  context: CommandContext,
  names: readonly string[],
  { format, platform: text }: InspectCommandOptions,
): Promise<void> {
  // Before any work, so that a template that cannot be read costs nothing.
  const printer = createRowPrinter(context, format ?? 'json', [])
  const found: Awaited<ReturnType<typeof inspectImage>>[] = []
  try {
    const { runtime, signal, onEvent } = context
    const platform = onePlatform(text)
    await context.forEach(names, async (name) => {
      found.push(await inspectImage(runtime, name, { signal, onEvent, platform }))
    })
  } finally {
    // As with docker, `json` is one array on one line.
    if (format === undefined) await context.print(escapeJson(found, 4))
    else if (format === 'json') await context.print(escapeJson(found))
    else for (const image of found) await printer.row({ ...image })
    if (format?.startsWith('table ') === true) await printer.end()
  }
}
