import type { HttpClient, HttpRequest } from '@drayage/content'

import { discardBody } from './body.ts'
import { UrlRefusedError } from './errors.ts'
import { MAX_REDIRECTS } from './limits.ts'
import { redactUrl } from './redact-url.ts'
import type { RoutedClient } from './routed-client.ts'
import { checkUrl, type UrlGateOptions } from './url-gate.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What redirects are followed with. */
export interface RedirectOptions extends UrlGateOptions {
  /** Names in lower case of more headers that stay behind. */
  readonly secretHeaders?: readonly string[]
}

/**
 * Follows the redirects of GET and HEAD requests, at most 10, each through {@link checkUrl}. From the first change of
 * origin on, `Authorization`, `Cookie` and the headers for registries stay behind, also on the way back.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function followRedirects(http: HttpClient, options: RedirectOptions = {}): RoutedClient {
  return async (request) => {
    const origin = new URL(request.url).origin
    const { method, url, headers, body, signal } = request
    let current: HttpRequest = { method, url, headers, signal, ...(body !== undefined && { body }) }
    for (let hops = 0; ; hops++) {
      const response = await http(current)
      const location = response.headers['location']
      const isFollowed = REDIRECTS.has(response.status) && location !== undefined && isReplayable(request)
      if (!isFollowed) return { ...response, url: current.url }
      await discardBody(response)
      if (hops === MAX_REDIRECTS) {
        throw new UrlRefusedError(
          redactUrl(current.url),
          'redirects',
          `more than ${MAX_REDIRECTS} redirects`,
          'an answer',
        )
      }
      const next = checkUrl(new URL(current.url), location, options)
      const kept = next.origin === origin ? current.headers : withoutSecrets(current.headers, options.secretHeaders)
      current = { ...current, url: next.href, headers: kept }
    }
  }
}

function isReplayable(request: HttpRequest): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && request.body === undefined
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
