import type { CommandContext } from './command-context.ts'

/** Runs the work of a verb with the packages composed for it, and closes them afterwards. */
export type Run = (platform: string | undefined, work: (context: CommandContext) => Promise<void>) => Promise<void>

/** The option for a platform. */
export const PLATFORM = '--platform <os/arch[/variant]>'
/** The option for a format. */
export const FORMAT = '--format <format>'
/** What a format may be. */
export const FORMATS = 'json, table, "table TEMPLATE" or a Go template'
/** The option for the compression of layers. */
export const COMPRESSION = '--compression <kind>'
/** What that may be. */
export const COMPRESSION_HELP = 'compress layers with gzip or zstd; with :LEVEL also those that are'
/** What the format of a verb that writes manifests may be. */
export const IMAGE_FORMAT_HELP = 'write manifests as OCI, Docker schema 2 or, for old registries, schema 1'

/** Gathers the values of an option that can be given again. */
export function append(value: string, before: string[]): string[] {
  return [...before, value]
}
