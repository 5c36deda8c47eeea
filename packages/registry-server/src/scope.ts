import type { Access } from './access.ts'

/** The most scopes that one token request is read for. */
const MAX_SCOPES = 100

/**
 * Reads scopes such as `repository:library/alpine:pull,push`, several of them separated by blanks. What is malformed is
 * left out.
 */
export function parseScopes(scopes: readonly string[]): readonly Access[] {
  const single = scopes.flatMap((scope) => scope.split(' ')).filter((scope) => scope !== '')
  return single.slice(0, MAX_SCOPES).flatMap((scope) => {
    const [type = '', ...rest] = scope.split(':')
    const actions = rest.pop() ?? ''
    const name = rest.join(':')
    if ((type !== 'repository' && type !== 'registry') || name === '') return []
    return actions.split(',').map((action) => ({ type, name, action }))
  })
}

/** Writes the accesses as scopes, one per name. */
export function formatScopes(access: readonly Access[]): string {
  const byName = Map.groupBy(access, ({ type, name }) => `${type}:${name}`)
  return Array.from(byName, ([name, group]) => `${name}:${group.map(({ action }) => action).join(',')}`).join(' ')
}
