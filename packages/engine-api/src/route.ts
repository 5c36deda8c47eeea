import type { HttpResponse } from '@drayage/content'

import { EngineRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'

/** Answers one kind of request. */
export type Action = (exchange: Exchange) => Promise<HttpResponse>

/** Which requests an action answers. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT'
  /** `{name}` stands for one or more segments. */
  readonly path: string
  readonly action: Action
}

/** A route that fits, and what stands for `{name}`. */
export interface RouteMatch {
  readonly action: Action
  readonly name: string
}

const NAME = '{name}'

/**
 * Finds the first route that fits; a HEAD without a route of its own is one of GET. Nothing is decoded before the path is
 * taken apart, so that no name can be taken for a path.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 404, 405 or 400
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const fitting = routes.filter((route) => encodedName(route.path, path) !== undefined)
  const chosen =
    fitting.find((route) => route.method === method) ??
    fitting.find((route) => method === 'HEAD' && route.method === 'GET')
  if (chosen !== undefined) return { action: chosen.action, name: decodeName(encodedName(chosen.path, path) ?? '') }
  if (fitting.length > 0) throw new EngineRequestError(405, `method not allowed: found ${method}`)
  throw new EngineRequestError(404, 'page not found')
}

function encodedName(pattern: string, path: string): string | undefined {
  const at = pattern.indexOf(NAME)
  if (at < 0) return pattern === path ? '' : undefined
  const before = pattern.slice(0, at)
  const after = pattern.slice(at + NAME.length)
  const name = path.slice(before.length, path.length - after.length)
  const fits = path.length > before.length + after.length && path.startsWith(before) && path.endsWith(after)
  return fits ? name : undefined
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch (error) {
    throw new EngineRequestError(400, 'invalid path: found a broken escape', { cause: error })
  }
}
