import type { HttpClient } from '@drayage/content'

import { refusalResponse } from './respond.ts'

/** The names that this machine has for itself, with or without a port. */
const OWN_NAMES = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Answers only what is asked of this machine by a name of its own, as clients on it do. A web page that has let its own name
 * stand for this machine, so that a browser takes its requests here (DNS rebinding), gets nothing.
 *
 * @see RFC 9110, section 7.2
 */
export function localHostOnly(registry: HttpClient): HttpClient {
  return async (request) => {
    const host = request.headers['host']
    if (host === undefined || OWN_NAMES.test(host)) return await registry(request)
    const message = 'requested access to the resource is denied: it is served to this machine by its own names only'
    return refusalResponse({ status: 403, specCode: 'DENIED', message })
  }
}
