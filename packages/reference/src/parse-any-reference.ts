import { parseDigest, tryParseDigest, type Digest } from '@drayage/digest'

import { isIdentifier, parseReference } from './parse-reference.ts'
import type { Reference } from './reference.ts'

/** What a user may name content by: an identity alone or a reference. */
export type AnyReference =
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'reference'; readonly reference: Reference }

/**
 * Parses what may be an ID too: 64 hex digits stand for a sha256 digest, a complete digest for itself, all else is a
 * reference.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseAnyReference(text: string): AnyReference {
  if (isIdentifier(text)) return { kind: 'digest', digest: parseDigest(`sha256:${text}`) }
  const digest = tryParseDigest(text)
  if (digest.ok) return { kind: 'digest', digest: digest.value }
  return { kind: 'reference', reference: parseReference(text) }
}
