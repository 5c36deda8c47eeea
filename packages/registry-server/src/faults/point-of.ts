import type { HttpRequest } from '@drayage/content'

import { tryParseRoute, type RegistryRoute } from '../handler/route.ts'
import type { FaultPoint } from './points.ts'

/** A request's route and point. */
export interface Classified {
  readonly route: RegistryRoute | undefined
  /** `undefined` where no fault can happen. */
  readonly point: FaultPoint | undefined
}

/** Options of {@link classify}. */
export interface ClassifyOptions {
  readonly tokenPath: string
  readonly isConfig: (digest: string) => boolean
}

/** Finds the point of a request. */
export function classify(request: HttpRequest, options: ClassifyOptions): Classified {
  const url = new URL(request.url)
  const { method } = request
  if (url.pathname === options.tokenPath) {
    return { route: undefined, point: method === 'GET' || method === 'POST' ? 'token' : undefined }
  }
  const route = tryParseRoute(url.pathname)
  if (route === undefined) return { route, point: undefined }
  const { isConfig } = options
  const points = pointsOf(route, { isMount: url.searchParams.has('mount'), isConfig })
  return { route, point: Object.hasOwn(points, method) ? points[method] : undefined }
}

interface Details {
  readonly isMount: boolean
  readonly isConfig: (digest: string) => boolean
}

/** The points of a route, by method. */
function pointsOf(route: RegistryRoute, { isMount, isConfig }: Details): Readonly<Record<string, FaultPoint>> {
  switch (route.kind) {
    case 'ping':
      return { GET: 'ping' }
    case 'manifest':
      return route.reference.includes(':')
        ? { HEAD: 'manifest-head-digest', GET: 'manifest-get-digest', PUT: 'manifest-put' }
        : { HEAD: 'manifest-head-tag', GET: 'manifest-get-tag', PUT: 'manifest-put' }
    case 'blob':
      return { HEAD: 'blob-head', GET: isConfig(route.digest) ? 'config-get' : 'blob-get' }
    case 'uploads':
      return { POST: isMount ? 'mount-post' : 'upload-post' }
    case 'upload':
      return { GET: 'upload-get', PATCH: 'upload-patch', PUT: 'upload-put' }
    case 'tags':
      return { GET: 'tags-list' }
    case 'referrers':
      return { GET: 'referrers' }
    case 'catalog':
      return {}
  }
}
