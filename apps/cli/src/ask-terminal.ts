import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import process from 'node:process'

/** Asks for one line on the terminal; a hidden one is not shown while it is typed. */
export async function askTerminal(
  question: string,
  { signal, isHidden = false }: { readonly signal: AbortSignal; readonly isHidden?: boolean },
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = isHidden ? nowhere : process.stderr
  if (isHidden) process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  try {
    return await lines.question(isHidden ? '' : question, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
    if (isHidden) process.stderr.write('\n')
  }
}
