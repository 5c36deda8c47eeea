import type { HttpClient, HttpResponse } from '@drayage/content'

import { deleteBlob, getBlob } from './blobs.ts'
import { isRegistryServerError, type RequestRefusedError, type SpecErrorCode } from './errors.ts'
import { type Exchange, methodNotAllowed } from './exchange.ts'
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts'
import { listCatalog, listTags } from './lists.ts'
import { deleteManifest, getManifest } from './manifests.ts'
import { putManifest } from './put-manifest.ts'
import { listReferrers } from './referrers.ts'
import { emptyResponse, forMethod, refusalResponse } from './respond.ts'
import { parseRoute, type Route } from './route.ts'
import { createSharedLock } from './shared-lock.ts'
import type { RegistryStorage } from './storage.ts'
import { startUpload } from './start-upload.ts'
import { createUploads, type Uploads } from './uploads.ts'

/** Options of {@link createRegistryHandler}. */
export interface RegistryHandlerOptions {
  /** What the registry holds. */
  readonly storage: RegistryStorage
  /** Whether manifests, tags and blobs can be deleted; `true` by default. */
  readonly deletes?: boolean
  /** The limits that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<RegistryLimits>
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
  /** Called with each error that is answered with status 500. */
  readonly onError?: (error: unknown) => void
}

type Action = (exchange: Exchange) => Promise<HttpResponse>
type Actions = Readonly<Record<string, Action>>

/**
 * Creates a registry: a function from request to response. It looks only at the path and query of a URL, and every
 * `Location` and `Link` it gives is relative. An aborted request rejects with the reason of its signal.
 *
 * @see OCI distribution-spec v1.1.1
 */
export function createRegistryHandler(options: RegistryHandlerOptions): HttpClient {
  const { storage, deletes = true, now = Date.now, onError } = options
  const limits: RegistryLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const uploads = createUploads()
  const repositories = createSharedLock()

  return async (request) => {
    try {
      const url = new URL(request.url)
      const route = parseRoute(url.pathname)
      if (route === undefined) {
        return forMethod(
          request,
          refusalResponse({ status: 404, specCode: 'UNSUPPORTED', message: 'no such endpoint' }),
        )
      }
      const exchange: Exchange = { request, query: url.searchParams, storage, limits, deletes, repositories, now }
      const actions = actionsOf(route, uploads)
      const method = request.method === 'HEAD' && !('HEAD' in actions) ? 'GET' : request.method
      const action = Object.hasOwn(actions, method) ? actions[method] : undefined
      if (action === undefined) throw methodNotAllowed(Object.keys(actions))
      return await forMethod(request, withVersion(await action(exchange)))
    } catch (error) {
      request.signal?.throwIfAborted()
      if (isRefused(error)) return forMethod(request, withVersion(refusalResponse(error.refusal)))
      onError?.(error)
      const specCode: SpecErrorCode = 'UNKNOWN'
      return forMethod(request, refusalResponse({ status: 500, specCode, message: 'internal error' }))
    }
  }
}

function actionsOf(route: Route, uploads: Uploads): Actions {
  switch (route.kind) {
    case 'ping':
      return { GET: async () => emptyResponse(200, { 'content-type': 'application/json' }) }
    case 'catalog':
      return { GET: listCatalog }
    case 'tags':
      return { GET: (exchange) => listTags(exchange, route.repository) }
    case 'referrers':
      return { GET: (exchange) => listReferrers(exchange, route.repository, route.digest) }
    case 'blob':
      return {
        GET: (exchange) => getBlob(exchange, route.repository, route.digest),
        DELETE: (exchange) => deleteBlob(exchange, route.repository, route.digest),
      }
    case 'manifest':
      return {
        GET: (exchange) => getManifest(exchange, route.repository, route.reference),
        PUT: (exchange) => putManifest(exchange, route.repository, route.reference),
        DELETE: (exchange) => deleteManifest(exchange, route.repository, route.reference),
      }
    case 'uploads':
      return { POST: (exchange) => startUpload(exchange, route.repository) }
    case 'upload':
      return {
        GET: (exchange) => uploads.status(exchange, route.repository, route.id),
        PATCH: (exchange) => uploads.append(exchange, route.repository, route.id),
        PUT: (exchange) => uploads.finish(exchange, route.repository, route.id),
        DELETE: (exchange) => uploads.cancel(exchange, route.repository, route.id),
      }
  }
}

function withVersion(response: HttpResponse): HttpResponse {
  return { ...response, headers: { 'docker-distribution-api-version': 'registry/2.0', ...response.headers } }
}

function isRefused(error: unknown): error is RequestRefusedError {
  return isRegistryServerError(error) && error.code === 'ERR_REQUEST_REFUSED'
}
