import { type Digest, parseDigest, tryParseDigest } from '@drayage/digest'

import { ReservedNameError } from './errors.ts'
import { familiarRepository } from './format-reference.ts'
import { isIdentifier, parseReference } from './parse-reference.ts'
import { type Reference, type Repository, repositoryOf, withDigest, withoutTag, withTag } from './reference.ts'

/** How a user may name content: by digest or by reference. */
export type AnyReference =
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'reference'; readonly reference: Reference }

/**
 * Parses a name that may also be an ID: 64 hex digits stand for a sha256 digest, a complete digest for itself; anything else
 * is a reference.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseAnyReference(text: string): AnyReference {
  if (isIdentifier(text)) return { kind: 'digest', digest: parseDigest(`sha256:${text}`) }
  const digest = tryParseDigest(text)
  if (digest.ok) return { kind: 'digest', digest: digest.value }
  return { kind: 'reference', reference: parseReference(text) }
}

/**
 * Parses like {@link parseReference}, and drops the tag of a reference that also has a digest: the digest alone decides.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseDockerReference(text: string): Reference {
  const reference = parseReference(text)
  return reference.digest === undefined ? reference : withoutTag(reference)
}

/**
 * Parses the two arguments of a pull in the Engine API. A trailing `:` in `name`, by which clients ask for all tags, is
 * dropped. A `tag` that is a digest replaces the tag and digest of the name; any other replaces its tag.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parsePullReference(name: string, tag: string = ''): Reference {
  const reference = parseReference(name.endsWith(':') ? name.slice(0, -1) : name)
  if (tag === '') return reference
  const digest = tryParseDigest(tag)
  return digest.ok ? withDigest(repositoryOf(reference), digest.value) : withTag(reference, tag)
}

/** The name that stands for the empty image. */
const RESERVED_NAME = 'scratch'

/** Tells whether the repository is `scratch`, which stands for the empty image and cannot be pulled. */
export function isReservedName(repository: Repository): boolean {
  return familiarRepository(repository) === RESERVED_NAME
}

/**
 * Checks that the repository may be pulled.
 *
 * @throws ReservedNameError `ERR_REFERENCE_RESERVED` for `scratch`
 */
export function validateRepositoryName(repository: Repository): void {
  if (isReservedName(repository)) throw new ReservedNameError(RESERVED_NAME)
}
