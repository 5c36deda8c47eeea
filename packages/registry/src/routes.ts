import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Repository } from '@drayage/reference'

import type { EndpointHealth } from './endpoint-health.ts'
import type { OnRegistryEvent } from './events.ts'
import type { EndpointUse } from './registry-endpoint.ts'
import type { RepositoryClient } from './repository-client.ts'

/** One of the places that a repository is asked at. */
export interface Route {
  /** Tells endpoints apart. */
  readonly key: string
  readonly host: string
  readonly uses: readonly EndpointUse[]
  readonly isMirror: boolean
  /** The repository there. */
  readonly client: RepositoryClient
}

/** What routes are taken with. */
export interface RouteContext {
  readonly name: Repository
  readonly health: EndpointHealth
  readonly onEvent: OnRegistryEvent
}

/** What is asked for. */
export interface RouteRequest extends AbortOptions {
  readonly use: EndpointUse
  /** The content that is asked for from `offset` on, when that is known. */
  readonly content?: { readonly digest: Digest; readonly offset: number }
}

/**
 * The routes for a request, in order. Mirrors that failed lately are left out; the last route, whose error the caller
 * gets, never is.
 *
 * @throws TypeError when there is none
 */
export function chooseRoutes(routes: readonly Route[], request: RouteRequest, context: RouteContext): readonly Route[] {
  const { use, content } = request
  const { name, health } = context
  const able = routes.filter((route) => route.uses.includes(use) && !(route.isMirror && use === 'push'))
  if (able.length === 0) {
    throw new TypeError(`Cannot ${use} "${name.domain}/${name.path}": found no endpoint for that, expected one`)
  }
  const isFit = ({ key }: Route, index: number): boolean =>
    index === able.length - 1 ||
    !(health.isResting(key) || (content !== undefined && health.isDoubted(key, content.digest, content.offset)))
  return able.filter(isFit)
}

/**
 * Asks one route after another until one answers. Whatever a server can be the cause of leads to the next; only the error of
 * the last one is thrown, the others are told as events.
 */
export async function tryRoutes<T>(
  routes: readonly Route[],
  request: RouteRequest,
  context: RouteContext,
  ask: (client: RepositoryClient) => Promise<T>,
): Promise<T> {
  const chosen = chooseRoutes(routes, request, context)
  for (const [index, route] of chosen.entries()) {
    let answer: T
    try {
      answer = await ask(route.client)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (index === chosen.length - 1 || !mayFall(error)) throw error
      passOver(route, error, context)
      continue
    }
    if (routes.length > 1) tellServed(route, context)
    return answer
  }
  throw new TypeError('Cannot ask: found no routes, expected one')
}

/** Whether an error may be a server's fault; a caller's mistake is the same everywhere. */
export function mayFall(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError)
}

/** Tells which endpoint served a request, where there was a choice. */
export function tellServed({ host, isMirror }: Route, { name, onEvent }: RouteContext): void {
  onEvent({ type: 'endpoint-served', host, registry: name.domain, repository: name.path, isMirror })
}

/** Takes note of a failure that another endpoint makes up for. */
export function passOver({ key, host }: Route, error: Error, { name, health, onEvent }: RouteContext): void {
  health.note(key, error)
  onEvent({ type: 'endpoint-failed', host, registry: name.domain, repository: name.path, error })
}
