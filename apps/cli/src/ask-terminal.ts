import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import process from 'node:process'

import { UsageError } from './usage-error.ts'

/** Asks for one line on the terminal; a hidden one is not shown while it is typed. @throws UsageError when none comes */
export async function askTerminal(
  question: string,
  { signal, isHidden = false }: { readonly signal: AbortSignal; readonly isHidden?: boolean },
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = isHidden ? nowhere : process.stderr
  if (isHidden) process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  // The terminal gives the key in place of the signal while a line is edited.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question(isHidden ? '' : question, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new UsageError(`Cannot read an answer to ${JSON.stringify(question)}: found the end of the input`, { cause })
  } finally {
    lines.close()
    if (isHidden) process.stderr.write('\n')
  }
}
