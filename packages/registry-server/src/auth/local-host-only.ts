import type { HttpClient } from '@drayage/content'

import { refusalResponse } from '../handler/refusal.ts'

/** The names of this machine for itself, with or without a port. */
const OWN_NAMES = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Answers only requests that name this machine by its own names and do not come from a web page. It refuses a page whose
 * name resolves to this machine (DNS rebinding), and one that sends requests to another site.
 *
 * @see RFC 9110, section 7.2; Fetch Metadata Request Headers, section 2.3
 */
export function localHostOnly(registry: HttpClient): HttpClient {
  return async (request) => {
    const { host, origin, 'sec-fetch-site': site = 'none' } = request.headers
    const isOwn = host === undefined || OWN_NAMES.test(host)
    if (isOwn && origin === undefined && (site === 'none' || site === 'same-origin')) return await registry(request)
    const message = 'requested access to the resource is denied: it is served to programs on this machine only'
    return refusalResponse({ status: 403, specCode: 'DENIED', message })
  }
}
