import process from 'node:process'

import type { CommandContext } from '../command-context.ts'
import { formatRows } from '../print-formatted.ts'

/** `dray version`: versions and where the store is. */
export async function versionCommand(
  context: CommandContext,
  version: string,
  options: { readonly format?: string | undefined },
): Promise<void> {
  const { platform, storeDirectory } = context.runtime
  const report = {
    Version: version,
    Node: process.version,
    Os: platform.os,
    Arch: platform.architecture,
    Store: storeDirectory,
  }
  if (options.format !== undefined) {
    for (const line of formatRows(options.format, [report], context)) await context.print(line)
    return
  }
  for (const [name, value] of Object.entries(report)) await context.print(`${`${name}:`.padEnd(10)}${value}`)
}
