import type { Reference } from '@drayage/reference'

/** The full text of `name`: the same for the same name, and for no other. */
export function nameKey(name: Reference): string {
  const tag = name.tag === undefined ? '' : `:${name.tag}`
  const digest = name.digest === undefined ? '' : `@${name.digest}`
  return `${name.domain}/${name.path}${tag}${digest}`
}
