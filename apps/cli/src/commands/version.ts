import process from 'node:process'

import type { CommandContext } from '../command-context.ts'
import { createRowPrinter } from '../output/rows.ts'

/** Options of `dray version`. */
export interface VersionCommandOptions {
  readonly format?: string | undefined
}

/** `dray version`: the versions of dray and Node, the platform, and the directory of the store. */
export async function versionCommand(context: CommandContext, { format }: VersionCommandOptions): Promise<void> {
  const { platform, store } = context.runtime
  const report = {
    Version: context.version,
    Node: process.version,
    Os: platform.os,
    Arch: platform.architecture,
    Store: store.location,
  }
  if (format === undefined) {
    for (const [name, value] of Object.entries(report)) await context.print(`${`${name}:`.padEnd(10)}${value}`)
    return
  }
  const columns = Object.keys(report).map((field) => [field.toUpperCase(), field] as const)
  const printer = createRowPrinter(context, format, columns)
  await printer.row(report)
  await printer.end()
}
