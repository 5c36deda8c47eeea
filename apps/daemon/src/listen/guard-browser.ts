import type { HttpClient } from '@drayage/content'

import { refuse } from '../refuse.ts'

/**
 * Keeps web pages out of a handler that is served over TCP: a page can make a browser send requests to any address, and
 * can have its own name lead to this machine. Requests for names that are not ours, with an `Origin`, or of another site
 * are refused.
 *
 * @param isOwnHost whether a `Host` header, in lower case, names this daemon
 */
export function guardBrowser(handler: HttpClient, isOwnHost: (host: string) => boolean): HttpClient {
  return async (request) => {
    const { host, origin, 'sec-fetch-site': site = 'none' } = request.headers
    if (host === undefined || !isOwnHost(host.toLowerCase())) {
      return refuse(403, 'the Host of the request names another machine: add it to allowed-hosts')
    }
    if (origin !== undefined || (site !== 'none' && site !== 'same-origin')) {
      return refuse(403, 'requests of web pages are refused')
    }
    return await handler(request)
  }
}

/** Tells which `Host` headers name a daemon at an address and port, or have one of the further names. */
export function ownHosts(address: string, port: number, further: readonly string[]): (host: string) => boolean {
  const names = [address, 'localhost', '127.0.0.1', '[::1]', ...further].map((name) =>
    name.includes(':') && !name.startsWith('[') ? `[${name}]` : name.toLowerCase(),
  )
  const known = new Set(names.flatMap((name) => [name, `${name}:${port}`]))
  return (host) => known.has(host)
}
