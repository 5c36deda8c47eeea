import { escapeForTerminal } from './render/escape.ts'

/** Prints an error as one line, and with `debug` each cause and the stack on lines of their own. */
export function reportError(
  error: unknown,
  options: { readonly debug?: unknown },
  write: (line: string) => void,
): void {
  write(`dray: ${lineOf(error)}`)
  if (options.debug !== true) return
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? ` [${String(at.code)}]` : ''
    write(`  ${at === error ? 'error' : 'cause'}: ${at.name}${code}: ${escapeForTerminal(at.message)}`)
    for (const line of (at.stack ?? '').split('\n').slice(1)) write(`    ${escapeForTerminal(line.trim())}`)
  }
}

function lineOf(error: unknown): string {
  return escapeForTerminal(error instanceof Error ? error.message : String(error))
}
