import { inspectImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatRows } from '../print-formatted.ts'

/** `dray inspect REF...`: images with Docker's JSON field names. */
export async function inspectCommand(
  context: CommandContext,
  names: readonly string[],
  options: { readonly format?: string | undefined },
): Promise<void> {
  const { runtime, signal } = context
  const found: unknown[] = []
  for (const name of names) found.push(await inspectImage(runtime, name, { signal }))
  if (options.format === undefined) {
    await context.print(JSON.stringify(found, null, 4))
    return
  }
  for (const line of formatRows(options.format, found)) await context.print(line)
}
