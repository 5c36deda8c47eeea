import process from 'node:process'

import { CommanderError } from '@commander-js/extra-typings'

import { EXIT, exitCodeOf } from './exit-code.ts'
import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'
import { readVersion } from './version.ts'

/** Runs one command line and resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController()
  let interruptedBy: NodeJS.Signals | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second signal ends the process at once; nothing that was acknowledged can be lost by it.
    if (interruptedBy !== undefined) process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
    interruptedBy = signal
    stop.abort(new Error(`Cannot finish: stopped by ${signal}`))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A reader that goes away, such as `head`, ends the output and is no failure of the command.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stop.abort(error)
  })
  const program = createProgram({ version: readVersion(), signal: stop.signal })
  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (interruptedBy === 'SIGINT') return EXIT.interrupted
    if (interruptedBy === 'SIGTERM') return EXIT.terminated
    if (stop.signal.aborted) return EXIT.done
    reportError(error, program.opts(), (line) => void process.stderr.write(`${line}\n`))
    return exitCodeOf(error)
  }
}
