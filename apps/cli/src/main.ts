import { readFileSync } from 'node:fs'
import process from 'node:process'

import { CommanderError } from '@commander-js/extra-typings'

import { EXIT, exitCodeOf } from './exit-code.ts'
import { createProgram } from './program.ts'
import { ReportedError } from './errors.ts'
import { reportError } from './report-error.ts'

/** Runs one command line and resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController()
  const stopped = listenForEnd(stop)
  const write = (line: string): void => void process.stderr.write(`${line}\n`)
  const program = createProgram({ version: readVersion(), signal: stop.signal })
  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (stopped.by !== undefined) {
      if (stopped.by !== 'SIGPIPE') write(`dray: stopped by ${stopped.by}; run the same command again to resume`)
      return STATUS_OF[stopped.by]
    }
    if (isReaderGone(error)) return EXIT.readerGone
    if (!(error instanceof ReportedError)) reportError(error, program.opts(), write)
    return exitCodeOf(error)
  }
}

const STATUS_OF = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGPIPE: EXIT.readerGone } as const

type End = keyof typeof STATUS_OF

/** Aborts the work at SIGINT and SIGTERM, and when the reader of the output is gone. */
function listenForEnd(stop: AbortController): { readonly by: End | undefined } {
  const stopped: { by: End | undefined } = { by: undefined }
  const end = (by: End): void => {
    stopped.by ??= by
    stop.abort(new Error(`Cannot finish: stopped by ${by}`))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopped.by !== undefined) endAtOnce(signal)
      end(signal)
      setTimeout(() => endAtOnce(signal), LONGEST_END_MS).unref()
    })
  }
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) end('SIGPIPE')
  })
  // Without a reader for the progress, the work itself continues.
  process.stderr.on('error', () => {})
  return stopped
}

/** How long work may take to stop, in milliseconds, before the process ends at once. */
const LONGEST_END_MS = 3000

/**
 * Ends the process at once, which loses nothing that was acknowledged. By the signal, since an exit waits for what a thread
 * waits for, such as the other end of a pipe.
 */
function endAtOnce(signal: 'SIGINT' | 'SIGTERM'): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

function isReaderGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'EPIPE' &&
    'syscall' in error &&
    error.syscall === 'write'
  )
}

/** The version in the package of this command. */
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
