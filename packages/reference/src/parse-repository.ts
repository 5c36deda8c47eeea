import { ReferenceSyntaxError } from './errors.ts'
import { tryParseReference } from './parse-reference.ts'
import type { Repository } from './reference.ts'

/** The outcome of {@link tryParseRepository}. */
export type RepositoryResult =
  | { readonly ok: true; readonly value: Repository }
  | { readonly ok: false; readonly error: ReferenceSyntaxError }

/**
 * Parses a repository, familiar or full, into normal form; a tag or a digest is refused.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseRepository(text: string): Repository {
  const result = tryParseRepository(text)
  if (!result.ok) throw result.error
  return result.value
}

/** Parses like {@link parseRepository}; a failure is a value. */
export function tryParseRepository(text: string): RepositoryResult {
  const result = tryParseReference(text)
  if (!result.ok) return result
  const { domain, path, tag, digest } = result.value
  if (tag === undefined && digest === undefined) return { ok: true, value: { domain, path } }
  const part = tag === undefined ? 'digest' : 'tag'
  const offset = tag === undefined ? text.indexOf('@') : text.indexOf(':', text.indexOf('/', 0) + 1)
  const flaw = { part, offset, found: `a ${part}`, wanted: 'a repository without tag and digest' } as const
  return { ok: false, error: new ReferenceSyntaxError(text, 'invalid reference format', flaw) }
}
