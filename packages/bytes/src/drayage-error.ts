/** Options of every error: its `cause`, and what the reader of the message can do about it. */
export interface DrayageErrorOptions extends ErrorOptions {
  /** What to do next, in one sentence that does not repeat the message; programs show it on its own line. */
  readonly hint?: string | undefined
}

/**
 * The base of every Drayage error class: a literal `code`, a message of the form `Cannot <action> "<thing>": <what
 * happened>`, a `cause`, and a `hint` where the reader can do something about it.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { DrayageError, errorGuard } from '@drayage/bytes'
 *
 * class FullError extends DrayageError<'ERR_FULL'> {
 *   override readonly name: string = 'FullError'
 * }
 * const isFullError = errorGuard<FullError>(['ERR_FULL'])
 * const error = new FullError('ERR_FULL', 'Cannot write "a": the disk is full', { hint: 'Free some space.' })
 * assert.ok(isFullError(error))
 * ```
 */
export abstract class DrayageError<Code extends string = string> extends Error {
  /** The kind of error, for programs; stable across versions. */
  readonly code: Code
  /** What to do next; `undefined` where the message says everything. */
  readonly hint: string | undefined

  constructor(code: Code, message: string, options?: DrayageErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = options?.hint
  }
}

/**
 * Creates the guard of a package's errors. It compares `code`, so it also recognises an error made by another installed copy
 * of the package.
 */
export function errorGuard<E extends { readonly code: string }>(
  codes: readonly E['code'][],
): (value: unknown) => value is E {
  const known: ReadonlySet<unknown> = new Set(codes)
  return (value): value is E => value instanceof Error && 'code' in value && known.has(value.code)
}

/**
 * The error that came first, where what it left could not be disposed of either: the runtime throws a `SuppressedError` then,
 * which says neither.
 */
export function firstError(error: unknown): unknown {
  let first = error
  while (first instanceof Error && first.name === 'SuppressedError' && 'suppressed' in first) first = first.suppressed
  return first
}
