/**
 * Image references: grammar, normal and familiar form, matching.
 *
 * What a user types (`alpine`, `host:5000/a/b:tag@sha256:...`) becomes a {@link Reference} in normal form and back.
 *
 * @packageDocumentation
 */
export type { AnyReference } from './docker-reference.ts'
export type { Reference, Repository } from './reference.ts'
export type { ReferenceError, ReferenceErrorCode, ReferenceFlaw, ReferencePart } from './errors.ts'
export type { ReferenceResult, RepositoryResult } from './parse-reference.ts'

export {
  isReservedName,
  parseAnyReference,
  parseDockerReference,
  parsePullReference,
  validateRepositoryName,
} from './docker-reference.ts'
export {
  AmbiguousDigestError,
  isReferenceError,
  PatternSyntaxError,
  ReferenceSyntaxError,
  ReservedNameError,
} from './errors.ts'
export { familiarReference, familiarRepository, formatReference, formatRepository } from './format-reference.ts'
export { DEFAULT_DOMAIN } from './grammar/domain.ts'
export { isTag, MAX_TAG_LENGTH, parseTag } from './grammar/tag.ts'
export { lookUpDigest } from './look-up-digest.ts'
export { matchReference } from './match-reference.ts'
export {
  isRepositoryPath,
  MAX_NAME_LENGTH,
  parseReference,
  parseRepository,
  tryParseReference,
  tryParseRepository,
} from './parse-reference.ts'
export { DEFAULT_TAG, repositoryOf, withDefaultTag, withDigest, withoutTag, withTag } from './reference.ts'
