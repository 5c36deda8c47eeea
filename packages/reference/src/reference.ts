import type { Digest } from '@drayage/digest'

import { parseTag } from './grammar/tag.ts'

/** A repository in normal form: `docker.io/library/alpine`. */
export interface Repository {
  /** Host and optional port, such as `docker.io` or `localhost:5000`. */
  readonly domain: string
  /** The name within the host, such as `library/alpine`. */
  readonly path: string
}

/** An image reference in normal form: a repository with a tag, a digest, both or neither. */
export interface Reference extends Repository {
  readonly tag?: string
  readonly digest?: Digest
}

/** The tag of references without tag and digest. */
export const DEFAULT_TAG = 'latest'

/** Adds the tag `latest` when there is neither a tag nor a digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference
  return withTag(reference, DEFAULT_TAG)
}

/**
 * Sets the tag; a digest stays.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX` when `tag` is not a tag
 */
export function withTag(reference: Reference, tag: string): Reference & { readonly tag: string } {
  return { ...reference, tag: parseTag(tag) }
}

/** Sets the digest; a tag stays. */
export function withDigest(reference: Reference, digest: Digest): Reference & { readonly digest: Digest } {
  return { ...reference, digest }
}

/** Drops the tag; a digest stays. */
export function withoutTag(reference: Reference): Reference {
  const { tag: _, ...rest } = reference
  return rest
}

/** Drops tag and digest. */
export function repositoryOf(reference: Reference): Repository {
  return { domain: reference.domain, path: reference.path }
}
