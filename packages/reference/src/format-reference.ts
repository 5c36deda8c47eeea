import { DEFAULT_DOMAIN, looksLikeDomain, OFFICIAL_PREFIX } from './grammar/domain.ts'
import { isIdentifier } from './parse-reference.ts'
import type { Reference, Repository } from './reference.ts'

/** The full form of a repository: `docker.io/library/alpine`. */
export function formatRepository(repository: Repository): string {
  return `${repository.domain}/${repository.path}`
}

/** The full form of a reference: `docker.io/library/alpine:3@sha256:...`. */
export function formatReference(reference: Reference): string {
  return formatRepository(reference) + formatSuffix(reference)
}

/** What follows the name: `:3@sha256:...`. */
export function formatSuffix(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`
}

/**
 * The shortest form of a repository that parses back to it: `alpine`, `org/app`, `ghcr.io/org/app`.
 *
 * Two kinds of Docker Hub names stay longer than in Docker Engine, because their short form would mean something else:
 * `docker.io/localhost/x` and `docker.io/a.b/x` keep their domain, and a name of 64 hex digits keeps `library/`.
 */
export function familiarRepository(repository: Repository): string {
  const name = familiarName(repository)
  return isIdentifier(name) ? OFFICIAL_PREFIX + name : name
}

/**
 * The shortest form of a reference that parses back to it: `alpine:3`; see {@link familiarRepository}.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { familiarReference, formatReference, parseReference } from '@drayage/reference'
 *
 * const reference = parseReference('docker.io/library/alpine:3')
 * assert.equal(familiarReference(reference), 'alpine:3')
 * assert.equal(formatReference(reference), 'docker.io/library/alpine:3')
 * ```
 */
export function familiarReference(reference: Reference): string {
  const suffix = formatSuffix(reference)
  return suffix === '' ? familiarRepository(reference) : familiarName(reference) + suffix
}

function familiarName(repository: Repository): string {
  const { domain, path } = repository
  if (domain !== DEFAULT_DOMAIN) return formatRepository(repository)
  const slash = path.indexOf('/')
  if (path.startsWith(OFFICIAL_PREFIX) && path.indexOf('/', slash + 1) < 0) return path.slice(OFFICIAL_PREFIX.length)
  return looksLikeDomain(path.slice(0, Math.max(slash, 0))) ? formatRepository(repository) : path
}
