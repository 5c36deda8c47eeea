import type { CommandContext } from './command-context.ts'

/** Runs the work of a verb with the packages composed for it, and closes them afterwards. */
export type Run = (platform: string | undefined, work: (context: CommandContext) => Promise<void>) => Promise<void>

/** The option for a platform. */
export const PLATFORM = '--platform <os/arch[/variant]>'
/** The option for a format. */
export const FORMAT = '--format <format>'
/** What a format may be. */
export const FORMATS = 'json, table, "table TEMPLATE" or a Go template'
