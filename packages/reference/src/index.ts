/**
 * Image references: grammar, normal and familiar form, matching.
 *
 * What a user types (`alpine`, `host:5000/a/b:tag@sha256:...`) becomes a {@link Reference} in normal form and back.
 *
 * @packageDocumentation
 */
export type { AnyReference } from './parse-any-reference.ts'
export type { Reference, Repository } from './reference.ts'
export type { ReferenceError, ReferenceErrorCode, ReferenceFlaw, ReferencePart } from './errors.ts'
export type { ReferenceResult } from './parse-reference.ts'
export type { RepositoryResult } from './parse-repository.ts'

export { DEFAULT_TAG, repositoryOf, withDefaultTag, withDigest, withoutTag, withTag } from './change-reference.ts'
export {
  AmbiguousDigestError,
  isReferenceError,
  PatternSyntaxError,
  ReferenceSyntaxError,
  ReservedNameError,
} from './errors.ts'
export { familiarReference, familiarRepository } from './familiar-reference.ts'
export { formatReference, formatRepository } from './format-reference.ts'
export { lookUpDigest } from './look-up-digest.ts'
export { matchReference } from './match-reference.ts'
export { parseAnyReference } from './parse-any-reference.ts'
export { parseDockerReference } from './parse-docker-reference.ts'
export { parsePullReference } from './parse-pull-reference.ts'
export { MAX_NAME_LENGTH, parseReference, tryParseReference } from './parse-reference.ts'
export { parseRepository, tryParseRepository } from './parse-repository.ts'
export { isReservedName, validateRepositoryName } from './reserved-name.ts'
export { DEFAULT_DOMAIN } from './split-domain.ts'
export { isTag, MAX_TAG_LENGTH, parseTag } from './tag.ts'
