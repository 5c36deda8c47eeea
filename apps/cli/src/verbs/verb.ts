import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings'

import type { CommandContext, RunSettings } from '../command-context.ts'

/** Runs the work of a verb with the packages composed for it, with what its options say, and closes them afterwards. */
export type Run = (work: (context: CommandContext) => Promise<void>, settings?: RunSettings) => Promise<void>

/** A verb of `dray`. */
export interface Verb {
  /** Adds the verb to the command line. Its work is imported when it is run, so that `dray` starts quickly. */
  readonly declare: (program: Command, run: Run) => CommandUnknownOpts
  /** Examples, one a line, and notes that follow them in the help. */
  readonly examples: string
}

/** The option for one platform. */
export const PLATFORM = '--platform <os/arch[/variant]>'

/** The option for several platforms, gathered with `append` and read with `readPlatforms`. */
export const PLATFORMS = '--platform <os/arch[/variant],...>'

/** The option for layers that are kept at URLs. */
export const FOREIGN = [
  '--foreign-layers <how>',
  'Layers kept at URLs: skip where the target can be without, copy from where they are, or fetch from their URLs',
] as const

/** The option for the output of rows, and what it takes. */
export const FORMAT = ['--format <format>', 'Output: json, table, "table TEMPLATE" or a Go template'] as const

/** The option for the format of the manifests that are written. */
export const MANIFEST_FORMAT = [
  '--manifest-format <format>',
  'Write manifests as OCI, Docker schema 2 or, for old registries, schema 1',
] as const

/** The option for the compression of the layers that are written. */
export const COMPRESSION = [
  '--compression <type[:level]>',
  'Compress layers with gzip or zstd; with a level, recompress those that already are',
] as const

/** Gathers the values of an option that can be given several times. */
export function append(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}
