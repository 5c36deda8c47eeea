import type { ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import { UrlRefusedError } from '../errors/refusal-errors.ts'
import type { WithheldLogin } from '../gate/credential-gate.ts'
import { redactUrl } from '../gate/redact-url.ts'
import { checkUrl, namerOf, type UrlGateOptions } from '../gate/url-gate.ts'
import { MAX_REDIRECTS } from '../limits.ts'
import { discardBody } from './body.ts'
import { mapFailures } from './failures.ts'

/** A request with what authorising it may need. */
export interface TransportRequest extends HttpRequest {
  /** Gives the body once more; a request with a body that cannot be given again is sent once. */
  readonly replay?: (() => ByteStream) | undefined
  /** The URL that tells which rights the request needs, where its own does not, such as that of an upload. */
  readonly scopeUrl?: string | undefined
}

/** A response with the URL that gave it, after redirects. */
export interface TransportResponse extends HttpResponse {
  readonly url: string
  /** The method that was answered, when it is another than that of the request. */
  readonly method?: 'GET'
  /** The login that was not sent, since the token server is not the registry's own. */
  readonly withheld?: WithheldLogin | undefined
}

/** HTTP that follows redirects and rejects with errors of this package. */
export type HttpTransport = (request: TransportRequest) => Promise<TransportResponse>

/** Options of {@link createTransport}. */
export interface TransportOptions extends UrlGateOptions {
  /** Names in lower case of more headers that stay behind at a redirect to another origin. */
  readonly secretHeaders?: readonly string[]
  /** Whether requests for blobs may be sent from https to http; `false` by default. */
  readonly allowsHttpBlobs?: boolean
}

/** Redirects that keep the method: a client may make GET of a POST at 301 and 302, which registries never mean. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308])

/** Names another resource, to be got by GET, which is no answer to a request that writes. */
const SEE_OTHER = 303

/** Whether an answer sends the same request to another URL. */
export function isRedirect({ status, headers }: HttpResponse, method: string): boolean {
  const isLook = method === 'GET' || method === 'HEAD'
  return (REDIRECTS.has(status) || (status === SEE_OTHER && isLook)) && (headers['location'] ?? '') !== ''
}

/**
 * Follows redirects, at most 10, each through {@link checkUrl}, with the same method and body; one of a body that cannot be
 * given again is returned. From the first change of origin on, `Authorization`, `Cookie` and the headers for registries stay
 * behind, also on the way back.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 * @see RFC 9110, section 15.4; OCI distribution-spec, "API"
 */
export function createTransport(client: HttpClient, options: TransportOptions = {}): HttpTransport {
  const http = mapFailures(client)
  return async (request) => {
    const origin = new URL(request.url).origin
    const { method, url, headers, body, signal, replay, namedBy } = request
    const isRepeatable = body === undefined || replay !== undefined
    let current: HttpRequest = { method, url, headers, signal, namedBy, ...(body !== undefined && { body }) }
    for (let hops = 0; ; hops++) {
      const response = await http(current)
      if (!isRepeatable || !isRedirect(response, method)) return { ...response, url: current.url }
      await discardBody(response)
      if (hops === MAX_REDIRECTS) {
        throw new UrlRefusedError(
          redactUrl(current.url),
          'redirects',
          `it is the redirect after ${MAX_REDIRECTS} others`,
        )
      }
      const allowsHttp = options.allowsHttpBlobs === true && isForBlob(request)
      const location = response.headers['location'] ?? ''
      const next = checkUrl(new URL(current.url), location, { ...options, allowsHttp })
      const kept = next.origin === origin ? current.headers : withoutSecrets(current.headers, options.secretHeaders)
      const by = next.origin === origin ? namedBy : (namerOf(new URL(current.url), next, options) ?? current.namedBy)
      current = {
        ...current,
        url: next.href,
        headers: kept,
        namedBy: by,
        ...(replay !== undefined && { body: replay() }),
      }
    }
  }
}

/** Whether a request is for content that is verified by its digest, whoever brings it. */
function isForBlob({ url, scopeUrl = url }: TransportRequest): boolean {
  return /^\/v2\/.+\/blobs\//.test(new URL(scopeUrl).pathname)
}

/** The headers that may go to any host. */
function withoutSecrets(
  headers: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Record<string, string> {
  const secret = ['authorization', 'proxy-authorization', 'cookie', ...more]
  const isPublic = ([name]: [string, string]): boolean => !secret.includes(name) && !name.startsWith('x-')
  return Object.fromEntries(Object.entries(headers).filter(isPublic))
}
