import { jsonResponse, type HttpClient } from '@drayage/content'

/**
 * Keeps web pages out of a handler that is served over TCP: a page can make a browser send requests to any address, and
 * can make its own name lead to this machine. Requests with a foreign `Host`, with an `Origin`, or from another site are
 * refused.
 *
 * @param isOwnHost whether a `Host` header, in lower case, names this daemon
 */
export function guardBrowser(handler: HttpClient, isOwnHost: (host: string) => boolean): HttpClient {
  return async (request) => {
    const { host, origin, 'sec-fetch-site': site = 'none' } = request.headers
    if (host === undefined || !isOwnHost(host.toLowerCase())) {
      return jsonResponse(403, { message: 'the Host header names another machine: add it to allowed-hosts' })
    }
    if (origin !== undefined || (site !== 'none' && site !== 'same-origin')) {
      return jsonResponse(403, { message: 'requests from web pages are refused' })
    }
    return await handler(request)
  }
}

/** Tells which `Host` headers name a daemon: by its address, by a name of this machine, or by one of the further names. */
export function ownHosts(address: string, port: number, further: readonly string[]): (host: string) => boolean {
  const names = [address, 'localhost', '127.0.0.1', '[::1]', ...further].map((name) =>
    name.includes(':') && !name.startsWith('[') ? `[${name}]` : name.toLowerCase(),
  )
  const known = new Set(names.flatMap((name) => [name, `${name}:${port}`]))
  return (host) => known.has(host)
}
