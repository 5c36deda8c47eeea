import { getSystemErrorMessage } from 'node:util'

import { firstError, quote } from '@drayage/bytes'

import { lineOf } from './output/write-out.ts'

/** The most errors and causes that `--debug` shows, should they point at each other. */
const MAX_CAUSES = 32

/**
 * Prints an error on one line and what to do next on another, where the error or one of its causes says so. With `debug`,
 * each cause and the stack follow on lines of their own.
 */
export function reportError(
  thrown: unknown,
  options: { readonly debug?: boolean | undefined },
  write: (line: string) => void,
): void {
  const error = firstError(thrown)
  const causes = causesOf(error)
  write(`dray: ${lineOf(textOf(error))}`)
  const hint = hintOf(causes)
  if (hint !== undefined) write(`hint: ${lineOf(hint)}`)
  if (options.debug !== true) return
  for (const [position, at] of causes.entries()) {
    const code = 'code' in at ? ` [${lineOf(String(at.code))}]` : ''
    const kind = position === 0 ? 'error' : 'cause'
    write(`  ${kind}: ${lineOf(at.name)}${code}: ${lineOf(at.message)}`)
    const frames = (at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    for (const line of frames) write(`    ${lineOf(line.trim())}`)
  }
}

/** What an error says; one of the system, whose message is code and call, in words. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, syscall, path }: NodeJS.ErrnoException = error
  if (errno === undefined || syscall === undefined) return error.message || error.name
  const what = path === undefined ? syscall : `${syscall} ${quote(path)}`
  return `Cannot ${what}: ${getSystemErrorMessage(errno)}`
}

/** The hint of the nearest error that has one. */
function hintOf(causes: readonly Error[]): string | undefined {
  const hints = causes.map((at) => ('hint' in at ? at.hint : undefined))
  return hints.find((hint) => typeof hint === 'string')
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
