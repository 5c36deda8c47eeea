import type { HttpRequest } from '@drayage/content'
import { isRepositoryPath } from '@drayage/reference'

import { tryParseRoute } from '../handler/route.ts'

/** What a request needs to do, or what a token allows. */
export interface Access {
  /** A repository, or the registry as a whole. */
  readonly type: 'repository' | 'registry'
  /** The repository's name; for the registry `catalog` (the list of repositories) or `base` (a ping). */
  readonly name: string
  /** Such as `pull`, `push`, `delete`, or `*` for the list of repositories. */
  readonly action: string
}

/** Decides whether a user may do something; the user of an anonymous request is `undefined`. */
export type Allow = (user: string | undefined, access: Access) => Promise<boolean>

/** Lets every user do everything, and anonymous requests nothing. */
export const allowUsers: Allow = async (user) => user !== undefined

/** What a request needs: reading needs `pull`, writing `pull` and `push`, deleting `delete`. */
export function neededAccess(request: HttpRequest): readonly Access[] {
  const route = tryParseRoute(new URL(request.url).pathname)
  if (route === undefined || route.kind === 'ping') return [{ type: 'registry', name: 'base', action: 'pull' }]
  if (route.kind === 'catalog') return [{ type: 'registry', name: 'catalog', action: '*' }]
  return actionsOf(request.method, route.kind === 'upload').map((action) => ({
    type: 'repository',
    name: route.repository,
    action,
  }))
}

/** Tells whether this is the access of a ping. */
export function isPing({ type, name }: Access): boolean {
  return type === 'registry' && name === 'base'
}

/** What a request that mounts needs of the repository that it names as the source. */
export function sourceAccess(request: HttpRequest): Access | undefined {
  const query = new URL(request.url).searchParams
  const name = request.method === 'POST' && query.has('mount') ? query.get('from') : null
  return name !== null && isRepositoryPath(name) ? { type: 'repository', name, action: 'pull' } : undefined
}

/** The request without its mount, for a client that may not read the source: it begins an upload instead. */
export function withoutMount(request: HttpRequest): HttpRequest {
  const url = new URL(request.url)
  url.searchParams.delete('mount')
  url.searchParams.delete('from')
  return { ...request, url: url.href }
}

/** Tells whether `user` may do all of it. */
export async function allowsAll(allow: Allow, user: string | undefined, needed: readonly Access[]): Promise<boolean> {
  for (const access of needed) if (!(await allow(user, access))) return false
  return true
}

function actionsOf(method: string, isUpload: boolean): readonly string[] {
  if (isUpload) return ['pull', 'push']
  if (method === 'GET' || method === 'HEAD') return ['pull']
  return method === 'DELETE' ? ['delete'] : ['pull', 'push']
}

/** The most scopes that are read of one token request. */
const MAX_SCOPES = 100

/**
 * Reads scopes such as `repository:library/alpine:pull,push`, several of them separated by spaces. Malformed ones are left
 * out.
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
  return Array.from(
    byName,
    ([name, group]) => `${name}:${[...new Set(group.map(({ action }) => action))].join(',')}`,
  ).join(' ')
}
