import { tryParseReference } from '@drayage/reference'

/** A domain that makes every path a full reference; the shortest, as it counts towards the length of a name. */
const DOMAIN = 'r.r'

/** Tells whether `name` is the path of a repository, such as `library/alpine`; it has at most 251 characters. */
export function isRepositoryName(name: string): boolean {
  const parsed = tryParseReference(`${DOMAIN}/${name}`)
  return parsed.ok && parsed.value.path === name && parsed.value.tag === undefined && parsed.value.digest === undefined
}
