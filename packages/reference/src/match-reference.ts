import { familiarReference, familiarRepository } from './familiar-reference.ts'
import { compileGlob } from './glob.ts'
import type { Reference } from './reference.ts'

/**
 * Tells whether a shell pattern matches the familiar form of a reference, or its familiar name without tag and digest.
 *
 * `*` and `?` do not match `/`; `[a-z]`, `[^a-z]` and `\` work as in shells.
 *
 * @throws PatternSyntaxError `ERR_PATTERN_SYNTAX` for a malformed pattern, whatever the reference
 */
export function matchReference(pattern: string, reference: Reference): boolean {
  const matches = compileGlob(pattern)
  return matches(familiarReference(reference)) || matches(familiarRepository(reference))
}
