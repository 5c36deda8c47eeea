import type { HttpRequest } from '@drayage/content'

/** What a request needs from a registry, for its token. */
export interface RequestScope {
  /** Requests with the same key share a token. */
  readonly key: string
  /** In the form of token servers, such as `repository:library/alpine:pull`; empty for requests without a repository. */
  readonly scopes: readonly string[]
  /** The repository's path; empty without one. */
  readonly repository: string
  /** Whether the request only reads. */
  readonly isPull: boolean
}

/**
 * What a request to a registry needs, by its URL and method.
 *
 * @see Docker registry token authentication, "Requesting a token", scopes
 */
export function scopeOf(request: Pick<HttpRequest, 'method' | 'url'>): RequestScope {
  const url = new URL(request.url)
  if (url.pathname === '/v2/_catalog') {
    return { key: 'catalog', scopes: ['registry:catalog:*'], repository: '', isPull: true }
  }
  const match = /^\/v2\/(.{1,255})\/(blobs|manifests|tags|referrers)\//.exec(url.pathname)
  // A client that asks for the status of an upload is about to continue it: one token serves both.
  const isUpload = /\/blobs\/uploads(\/|$)/.test(url.pathname)
  const isPull = (request.method === 'GET' || request.method === 'HEAD') && !isUpload
  const repository = match?.[1] ?? ''
  if (repository === '') return { key: `registry ${isPull}`, scopes: [], repository, isPull }
  const actions = isPull ? 'pull' : request.method === 'DELETE' ? 'delete' : 'pull,push'
  const from = isPull ? null : url.searchParams.get('from')
  const scopes = [`repository:${repository}:${actions}`, ...(from === null ? [] : [`repository:${from}:pull`])]
  // Some registries require another right for lists than for content.
  const kind = match?.[2] === 'tags' ? 'tags ' : ''
  return { key: kind + scopes.join(' '), scopes, repository, isPull }
}
