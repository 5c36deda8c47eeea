import { type Digest, tryParseDigest } from '@drayage/digest'

import { type ReferenceFlaw, ReferenceSyntaxError } from './errors.ts'
import { isHexDigit, isUpper, showAt } from './grammar/characters.ts'
import { DEFAULT_DOMAIN, OFFICIAL_PREFIX, scanDomain, splitDomain } from './grammar/domain.ts'
import { scanPath } from './grammar/path.ts'
import { scanTag } from './grammar/tag.ts'
import type { Reference, Repository } from './reference.ts'

/** The maximum length of a repository name in normal form, domain included. */
export const MAX_NAME_LENGTH: number = 255

/** The outcome of {@link tryParseReference}. */
export type ReferenceResult =
  | { readonly ok: true; readonly value: Reference }
  | { readonly ok: false; readonly error: ReferenceSyntaxError }

/**
 * Parses what a user types, such as `alpine` or `host:5000/a/b:tag`, into normal form.
 *
 * `name[:tag][@digest]`; no default tag is added. The domain is `docker.io` unless the text before the first slash holds
 * a `.`, a `:` or an upper-case letter or is `localhost`; on `docker.io` a path of one component gains `library/`.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 * @see OCI distribution-spec v1.1.1, "Pulling manifests", for path and tag
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { parseReference } from '@drayage/reference'
 *
 * assert.deepEqual(parseReference('alpine:3'), { domain: 'docker.io', path: 'library/alpine', tag: '3' })
 * assert.deepEqual(parseReference('host:5000/a/b'), { domain: 'host:5000', path: 'a/b' })
 * ```
 */
export function parseReference(text: string): Reference {
  const result = tryParseReference(text)
  if (!result.ok) throw result.error
  return result.value
}

/** Parses like {@link parseReference}, and returns a failure instead of throwing it. */
export function tryParseReference(text: string): ReferenceResult {
  const fail = (reason: string, flaw: ReferenceFlaw): ReferenceResult => ({
    ok: false,
    error: new ReferenceSyntaxError(text, reason, flaw),
  })
  if (isIdentifier(text)) {
    return fail(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`, {
      part: 'reference',
      offset: 0,
      found: '64 hex digits',
      wanted: 'a name that does not look like an image ID',
    })
  }
  const { domain, domainEnd, start } = splitDomain(text)
  const upperCase = findUpperCase(text, start)
  if (upperCase !== undefined) return fail('invalid reference format: repository name must be lowercase', upperCase)
  const domainFlaw = domainEnd > 0 ? scanDomain(text, 0, domainEnd) : undefined
  if (domainFlaw !== undefined) return fail('invalid reference format', domainFlaw)
  const rest = scanRest(text, start)
  if ('flaw' in rest) return fail('invalid reference format', rest.flaw)
  const path = domain === DEFAULT_DOMAIN && !rest.path.includes('/') ? OFFICIAL_PREFIX + rest.path : rest.path
  const length = domain.length + 1 + path.length
  if (length > MAX_NAME_LENGTH) {
    const found = `a name of ${length} characters in normal form`
    return fail(`repository name must not be more than ${MAX_NAME_LENGTH} characters`, {
      part: 'path',
      offset: start,
      found,
      wanted: `at most ${MAX_NAME_LENGTH}`,
    })
  }
  return { ok: true, value: { domain, ...rest, path } }
}

/** Tells whether `text` is 64 lower-case hex digits, the form of image IDs. */
export function isIdentifier(text: string): boolean {
  if (text.length !== 64) return false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (!isHexDigit(code) || isUpper(code)) return false
  }
  return true
}

/** Finds upper case before the first colon of the rest: in the name, or in the algorithm of a digest without a tag. */
function findUpperCase(text: string, start: number): ReferenceFlaw | undefined {
  const colon = text.indexOf(':', start)
  const at = text.indexOf('@', start)
  let offset = start
  for (const character of text.slice(start, colon < 0 ? text.length : colon)) {
    if (character.toLowerCase() !== character) {
      const part = at >= 0 && at < offset ? 'digest' : 'path'
      return { part, offset, found: showAt(text, offset), wanted: 'lower case' }
    }
    offset += character.length
  }
  return undefined
}

type Rest = { readonly path: string; readonly tag?: string; readonly digest?: Digest }

/** Scans `path[:tag][@digest]`. */
function scanRest(text: string, start: number): Rest | { readonly flaw: ReferenceFlaw } {
  const at = text.indexOf('@', start)
  const nameEnd = at < 0 ? text.length : at
  const colon = text.indexOf(':', start)
  const hasTag = colon >= 0 && colon < nameEnd
  const pathEnd = hasTag ? colon : nameEnd
  const flaw = scanPath(text, start, pathEnd) ?? (hasTag ? scanTag(text, colon + 1, nameEnd) : undefined)
  if (flaw !== undefined) return { flaw }
  const name = { path: text.slice(start, pathEnd), ...(hasTag && { tag: text.slice(colon + 1, nameEnd) }) }
  if (at < 0) return name
  const digest = tryParseDigest(text.slice(at + 1))
  if (digest.ok) return { ...name, digest: digest.value }
  const offset = at + 1 + digest.error.offset
  return { flaw: { part: 'digest', offset, found: showAt(text, offset), wanted: 'a sha256 or sha512 digest' } }
}

/** The outcome of {@link tryParseRepository}. */
export type RepositoryResult =
  | { readonly ok: true; readonly value: Repository }
  | { readonly ok: false; readonly error: ReferenceSyntaxError }

/**
 * Parses a repository, in familiar or full form, into normal form; a tag or a digest is refused.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseRepository(text: string): Repository {
  const result = tryParseRepository(text)
  if (!result.ok) throw result.error
  return result.value
}

/** Parses like {@link parseRepository}, and returns a failure instead of throwing it. */
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

/** The most characters of a path: what {@link MAX_NAME_LENGTH} leaves beside the shortest domain, such as `r.r`. */
const MAX_PATH_LENGTH = MAX_NAME_LENGTH - 'r.r/'.length

/**
 * Tells whether `text` is the path of a repository at its registry, such as `library/alpine`, without a domain; it has at
 * most 251 characters.
 *
 * @see OCI distribution-spec v1.1.1, "Pulling manifests"
 */
export function isRepositoryPath(text: string): boolean {
  return text.length <= MAX_PATH_LENGTH && scanPath(text, 0, text.length) === undefined
}
