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
