import { parseReference } from './parse-reference.ts'
import type { Reference } from './reference.ts'
import { withoutTag } from './change-reference.ts'

/**
 * Parses like `parseReference` and drops the tag of a reference that holds a digest too, because the digest alone says
 * what is meant.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseDockerReference(text: string): Reference {
  const reference = parseReference(text)
  return reference.digest === undefined ? reference : withoutTag(reference)
}
