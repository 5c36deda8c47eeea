import type { HttpRequest } from '@drayage/content'

import { RequestRefusedError } from './errors.ts'
import { parseRoute } from './route.ts'

/** What a request wants to do, or what a token allows. */
export interface Access {
  /** A repository, or the registry as a whole. */
  readonly type: 'repository' | 'registry'
  /** The repository's name; of the registry `catalog` for the list of repositories, `base` for a ping. */
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
  const route = routeOf(request)
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

/** The repository that a request wants to mount from. */
export function mountSource(request: HttpRequest): string | undefined {
  const query = new URL(request.url).searchParams
  return request.method === 'POST' && query.has('mount') ? (query.get('from') ?? undefined) : undefined
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

function routeOf(request: HttpRequest): ReturnType<typeof parseRoute> {
  try {
    return parseRoute(new URL(request.url).pathname)
  } catch (error) {
    // The handler behind answers an invalid name.
    if (error instanceof RequestRefusedError) return undefined
    throw error
  }
}
