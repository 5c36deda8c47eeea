import type { HttpResponse } from '@drayage/content'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom, type VersionedPath } from './api-version.ts'

/** Answers one kind of request. */
export type Action = (exchange: Exchange) => Promise<HttpResponse>

/** Which requests an action answers. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT' | 'OPTIONS'
  /** `{name}` stands for one or more segments. */
  readonly path: string
  /** The first version of the API that has it, as `25` of 1.25; by default all have it. */
  readonly from?: number
  readonly action: Action
}

/** The action of a matching route, and what stands for `{name}`. */
export interface RouteMatch {
  readonly action: Action
  readonly name: string
}

const NAME = '{name}'

/**
 * Finds the first matching route; a HEAD without a route of its own matches one of GET. Names are decoded only after the path
 * is split, so that no name can pass for a path.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 404 where there is no route, and 400 for a version that lacks
 *   it or a broken escape
 */
export function matchRoute(routes: readonly Route[], method: string, { path, version }: VersionedPath): RouteMatch {
  const fitting = routes.filter((route) => encodedName(route.path, path) !== undefined)
  const chosen =
    fitting.find((route) => route.method === method) ??
    fitting.find((route) => method === 'HEAD' && route.method === 'GET')
  if (chosen === undefined) throw new EngineRequestError(404, 'page not found')
  const { action, from = 0 } = chosen
  if (!isFrom(version, from)) {
    throw new EngineRequestError(400, `${chosen.method} ${chosen.path} requires minimum API version 1.${from}`)
  }
  return { action, name: decodeName(encodedName(chosen.path, path) ?? '') }
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
    throw new EngineRequestError(400, 'invalid path: broken escape', { cause: error })
  }
}
