import { readFile } from 'node:fs/promises'
import process from 'node:process'

import { syncImages, type SyncResult } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { exitCodeOf } from '../exit-code.ts'
import { formatTable } from '../format/table.ts'
import { formatRows } from '../print-formatted.ts'
import { readPipe } from '../read-pipe.ts'
import { escapeForTerminal } from '../render/escape.ts'
import { ReportedError } from '../report-error.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray sync`. */
export interface SyncCommandOptions {
  readonly dryRun?: boolean | undefined
  readonly state?: string | undefined
  readonly quiet?: boolean | undefined
  readonly format?: string | undefined
}

/** `dray sync FILE`: makes images equal in other places; a line for each, and the failures decide the exit code. */
export async function syncCommand(context: CommandContext, file: string, options: SyncCommandOptions): Promise<void> {
  const { runtime, signal } = context
  const { dryRun = false, state, quiet = false, format } = options
  // On a terminal the lines of results would run into those of progress.
  const view = context.progress('stderr', { quiet: quiet || context.isTerminal })
  const print = createPrinter(context, format)
  let worst: { readonly error: unknown; readonly code: number } | undefined
  try {
    const results = syncImages(runtime, await readSyncFile(file, signal), {
      dryRun,
      ...(state === undefined ? {} : { stateFile: state }),
      onEvent: view.onEvent,
      signal,
    })
    for await (const result of results) {
      if (!quiet || result.status !== 'equal') await print.row(result)
      if (result.status !== 'failed') continue
      const code = exitCodeOf(result.error)
      if (worst === undefined || code > worst.code) worst = { error: result.error, code }
    }
    await print.end()
  } finally {
    view.close()
  }
  if (worst !== undefined) throw new ReportedError(worst.error)
}

/** The most bytes that come from a pipe: above the most characters of a file. */
const MAX_PIPE_BYTES = 16 * 2 ** 20

async function readSyncFile(file: string, signal: AbortSignal): Promise<string> {
  if (file === '-') return await readPipe(process.stdin, { signal, maxBytes: MAX_PIPE_BYTES, what: 'the file' })
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`Cannot sync by ${JSON.stringify(file)}: expected a file that can be read`, { cause })
  }
}

/** Prints results as they come, or as one table at the end. */
function createPrinter(
  context: CommandContext,
  format: string | undefined,
): { row(result: SyncResult): Promise<void>; end(): Promise<void> } {
  const cells: string[][] = []
  return {
    async row(result) {
      if (format === undefined) return await context.print(lineOf(result))
      const row = rowOf(result)
      if (format === 'table')
        cells.push([row.Status, row.From, row.To, row.Error].map((cell) => escapeForTerminal(cell)))
      else for (const line of formatRows(format, [row], context)) await context.print(line)
    },
    async end() {
      if (format === 'table') await context.print(formatTable(['STATUS', 'FROM', 'TO', 'ERROR'], cells))
    },
  }
}

function lineOf(result: SyncResult): string {
  const { Status, From, To, Error: error } = rowOf(result)
  return escapeForTerminal(`${Status.padEnd('outdated'.length)} ${From} -> ${To}${error === '' ? '' : `: ${error}`}`)
}

function rowOf(result: SyncResult): Record<'From' | 'To' | 'Status' | 'Digest' | 'Error' | 'Code', string> {
  const row = { From: result.from, To: result.to, Status: result.status }
  if (result.status !== 'failed') return { ...row, Digest: result.digest, Error: '', Code: '' }
  const { error } = result
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return { ...row, Digest: '', Error: error instanceof Error ? error.message : String(error), Code: code }
}
