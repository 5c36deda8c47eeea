import { formatRepository, formatSuffix } from './format-reference.ts'
import { isIdentifier } from './parse-reference.ts'
import type { Reference, Repository } from './reference.ts'
import { DEFAULT_DOMAIN, looksLikeDomain, OFFICIAL_PREFIX } from './split-domain.ts'

/**
 * The shortest form of a repository that parses back to it: `alpine`, `org/app`, `ghcr.io/org/app`.
 *
 * Two kinds of Docker Hub names stay longer than Docker Engine shows them, because the short form would mean something
 * else: `docker.io/localhost/x` and `docker.io/a.b/x` keep their domain, and a name of 64 hex digits keeps `library/`.
 */
export function familiarRepository(repository: Repository): string {
  const name = familiarName(repository)
  return isIdentifier(name) ? OFFICIAL_PREFIX + name : name
}

/** The shortest form of a reference that parses back to it: `alpine:3`; see {@link familiarRepository}. */
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
