import { tryParseDigest } from '@drayage/digest'

import { repositoryOf, withDigest, withTag } from './change-reference.ts'
import { parseReference } from './parse-reference.ts'
import type { Reference } from './reference.ts'

/**
 * Parses the two arguments of a pull over the Engine API: one trailing `:` of `name`, which clients send to ask for all
 * tags, is dropped; a `tag` that is a digest replaces tag and digest of the name, another one replaces its tag.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parsePullReference(name: string, tag: string = ''): Reference {
  const reference = parseReference(name.endsWith(':') ? name.slice(0, -1) : name)
  if (tag === '') return reference
  const digest = tryParseDigest(tag)
  return digest.ok ? withDigest(repositoryOf(reference), digest.value) : withTag(reference, tag)
}
