import { escapeForTerminal } from './render/escape.ts'

/** The most errors and causes that `--debug` shows, should they point at each other. */
const MAX_CAUSES = 32

/** An error that the user has seen already; its cause decides the exit code. */
export class ReportedError extends Error {
  override readonly name: string = 'ReportedError'

  constructor(cause: unknown) {
    super('Cannot finish: an error was reported', { cause })
  }
}

/** Prints an error as one line, and with `debug` each cause and the stack on lines of their own. */
export function reportError(
  error: unknown,
  options: { readonly debug?: boolean | undefined },
  write: (line: string) => void,
): void {
  write(`dray: ${escapeForTerminal(textOf(error))}`)
  if (options.debug !== true) return
  const causes = causesOf(error)
  for (const [position, at] of causes.entries()) {
    const code = 'code' in at ? ` [${escapeForTerminal(String(at.code))}]` : ''
    write(
      `  ${position === 0 ? 'error' : 'cause'}: ${escapeForTerminal(at.name)}${code}: ${escapeForTerminal(at.message)}`,
    )
    const frames = (at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    for (const line of frames) write(`    ${escapeForTerminal(line.trim())}`)
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text === '' && error instanceof Error ? error.name : text
}

/** The error and all that caused it, those of an `AggregateError` too. */
function causesOf(error: unknown): Error[] {
  const found: Error[] = []
  const waiting: unknown[] = [error]
  while (waiting.length > 0 && found.length < MAX_CAUSES) {
    const at = waiting.shift()
    if (!(at instanceof Error) || found.includes(at)) continue
    found.push(at)
    waiting.push(...(at instanceof AggregateError ? at.errors : []), at.cause)
  }
  return found
}
