import { readFile } from 'node:fs/promises'
import process from 'node:process'

import { syncImages, type SyncResult } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { exitCodeOf } from '../exit-code.ts'
import { ReportedError, UsageError } from '../errors.ts'
import { readPipe } from '../input/read-pipe.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'
import { lineOf } from '../output/write-out.ts'
import { textOf } from '../report-error.ts'

/** Options of `dray sync`. */
export interface SyncCommandOptions {
  readonly dryRun?: boolean | undefined
  readonly state?: string | undefined
  readonly quiet?: boolean | undefined
  readonly format?: string | undefined
}

const COLUMNS: readonly Column[] = [
  ['STATUS', 'Status'],
  ['FROM', 'From'],
  ['TO', 'To'],
  ['ERROR', 'Error'],
]

/** `dray sync FILE`: mirrors the images that a file lists; prints a line for each, and the worst failure decides the exit code. */
export async function syncCommand(context: CommandContext, file: string, options: SyncCommandOptions): Promise<void> {
  const { runtime, signal } = context
  const { dryRun = false, state, quiet = false, format } = options
  // On a terminal, results and progress would overwrite each other.
  const view = context.progress('stderr', { quiet: quiet || context.isTerminal })
  const printer = format === undefined ? undefined : createRowPrinter(context, format, COLUMNS)
  let worst: { readonly error: unknown; readonly code: number } | undefined
  try {
    const results = syncImages(runtime, await readSyncFile(file, signal), {
      dryRun,
      ...(state === undefined ? {} : { stateFile: state }),
      onEvent: view.onEvent,
      signal,
    })
    for await (const result of results) {
      if (!quiet || result.status !== 'equal') {
        if (printer === undefined) await context.print(resultLine(result))
        else await printer.row(rowOf(result))
      }
      if (result.status !== 'failed') continue
      const code = exitCodeOf(result.error)
      if (worst === undefined || code > worst.code) worst = { error: result.error, code }
    }
    await printer?.end()
  } finally {
    view.close()
  }
  if (worst !== undefined) throw new ReportedError(worst.error)
}

/** The most bytes that are read from a pipe: more than the limit for the characters of a file. */
const MAX_PIPE_BYTES = 16 * 2 ** 20

async function readSyncFile(file: string, signal: AbortSignal): Promise<string> {
  if (file === '-') return await readPipe(process.stdin, { signal, maxBytes: MAX_PIPE_BYTES, what: 'the file' })
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError(textOf(cause), { cause })
  }
}

function resultLine(result: SyncResult): string {
  const { Status, From, To, Error: error } = rowOf(result)
  return lineOf(`${Status.padEnd('outdated'.length)} ${From} -> ${To}${error === '' ? '' : `: ${error}`}`)
}

function rowOf(result: SyncResult): Record<'From' | 'To' | 'Status' | 'Digest' | 'Error' | 'Code', string> {
  const row = { From: result.from, To: result.to, Status: result.status }
  if (result.status !== 'failed') return { ...row, Digest: result.digest, Error: '', Code: '' }
  const { error } = result
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return { ...row, Digest: '', Error: textOf(error), Code: code }
}
