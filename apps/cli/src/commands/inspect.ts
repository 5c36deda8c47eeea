import { inspectImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatRows } from '../print-formatted.ts'
import { terminalJson } from '../render/escape.ts'

/** `dray inspect REF...`: images with Docker's JSON field names. What is there is printed, also when something is not. */
export async function inspectCommand(
  context: CommandContext,
  names: readonly string[],
  options: { readonly format?: string | undefined },
): Promise<void> {
  const { format } = options
  // Before any work, so that a format that cannot be read costs nothing.
  if (format !== undefined) formatRows(format, [], context)
  const found: unknown[] = []
  try {
    await context.forEach(names, async (name) => {
      found.push(await inspectImage(context.runtime, name, { signal: context.signal }))
    })
  } finally {
    // As with docker, `json` is one array on one line.
    if (format === undefined) await context.print(terminalJson(found, 4))
    else if (format === 'json') await context.print(terminalJson(found))
    else for (const line of formatRows(format, found, context)) await context.print(line)
  }
}
