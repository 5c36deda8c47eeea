import { emptyResponse, type HttpClient, type HttpResponse, responseTo } from '@drayage/content'

import { unlinkBlob, getBlob } from '../blobs/blobs.ts'
import { isRegistryServerError } from '../errors.ts'
import { methodNotAllowed, refusalResponse, type RequestRefusedError, type SpecErrorCode } from './refusal.ts'
import { DEFAULT_LIMITS, type RegistryExchange, type RegistryLimits } from './exchange.ts'
import { listCatalog, listTags } from '../lists/lists.ts'
import { deleteManifest, getManifest } from '../manifests/manifests.ts'
import { putManifest } from '../manifests/put-manifest.ts'
import { listReferrers } from '../lists/referrers.ts'
import { parseRoute, type RegistryRoute } from './route.ts'
import { createSharedLock } from './shared-lock.ts'
import type { RegistryStorage } from '../storage/storage.ts'
import { startUpload } from '../uploads/start-upload.ts'
import { createUploads, type Uploads } from '../uploads/uploads.ts'

/** Options of {@link createRegistryHandler}. */
export interface RegistryHandlerOptions {
  /** What the registry holds. */
  readonly storage: RegistryStorage
  /** Whether manifests, tags and blobs can be deleted; `true` by default. */
  readonly deletes?: boolean
  /**
   * Whether manifests are taken some of whose content is not in the repository, such as an index with the images of a few
   * platforms only; `false` by default.
   */
  readonly sparse?: boolean
  /** Whether manifests of schema 1 are taken, signed ones by the digest of their payload; `true` by default. */
  readonly schema1?: boolean
  /**
   * Whether a mount that names no source takes the blob from any repository; `false` by default. It is for registries
   * where whoever may push may also read everything, since who knows the digest of a blob gets the blob.
   */
  readonly mountsFromAny?: boolean
  /** Whether every request that would change something is answered with 405; `false` by default. */
  readonly readOnly?: boolean
  /** The limits that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<RegistryLimits>
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
  /** Called with each error that is answered with status 500. */
  readonly onError?: (error: unknown) => void
}

/** The methods that change nothing. */
const READING: readonly string[] = ['GET', 'HEAD']

type Action = (exchange: RegistryExchange) => Promise<HttpResponse>
type Actions = Readonly<Record<string, Action>>

/**
 * Creates a registry: a function from request to response. It looks only at the path and query of a URL, and every
 * `Location` and `Link` it gives is relative. An aborted request rejects with the reason of its signal.
 *
 * @see OCI distribution-spec v1.1.1
 */
export function createRegistryHandler(options: RegistryHandlerOptions): HttpClient {
  const { storage, now = Date.now, onError, readOnly = false } = options
  const { deletes = true, sparse = false, schema1 = true, mountsFromAny = false } = options
  const limits: RegistryLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const uploads = createUploads()
  const repositories = createSharedLock()

  return async (request) => {
    try {
      const url = new URL(request.url)
      const route = parseRoute(url.pathname)
      if (route === undefined) {
        return responseTo(
          request,
          refusalResponse({ status: 404, specCode: 'UNSUPPORTED', message: 'no such endpoint' }),
        )
      }
      const exchange: RegistryExchange = {
        request,
        query: url.searchParams,
        storage,
        limits,
        deletes,
        sparse,
        schema1,
        mountsFromAny,
        repositories,
        now,
      }
      if (readOnly && !READING.includes(request.method)) throw methodNotAllowed(READING)
      const actions = actionsOf(route, uploads)
      const method = request.method === 'HEAD' && !('HEAD' in actions) ? 'GET' : request.method
      const action = Object.hasOwn(actions, method) ? actions[method] : undefined
      if (action === undefined) throw methodNotAllowed(Object.keys(actions))
      return await responseTo(request, withVersion(await action(exchange)))
    } catch (error) {
      request.signal?.throwIfAborted()
      if (isRefused(error)) return responseTo(request, withVersion(refusalResponse(error.refusal)))
      onError?.(error)
      const specCode: SpecErrorCode = 'UNKNOWN'
      return responseTo(request, refusalResponse({ status: 500, specCode, message: 'internal error' }))
    }
  }
}

function actionsOf(route: RegistryRoute, uploads: Uploads): Actions {
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
        DELETE: (exchange) => unlinkBlob(exchange, route.repository, route.digest),
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
