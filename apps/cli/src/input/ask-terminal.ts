import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import process from 'node:process'

import { quote } from '@drayage/bytes'

import { UsageError } from '../errors.ts'

/** Asks for one line on the terminal; a hidden answer is not echoed. @throws UsageError when the input ends */
export async function askTerminal(
  question: string,
  { signal, isHidden = false }: { readonly signal: AbortSignal; readonly isHidden?: boolean },
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = isHidden ? nowhere : process.stderr
  if (isHidden) process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  // While a line is edited, the terminal sends the key instead of the signal.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question(isHidden ? '' : question, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new UsageError(`Cannot read an answer to ${quote(question)}: the input has ended`, { cause })
  } finally {
    lines.close()
    if (isHidden) process.stderr.write('\n')
  }
}
