import { bytesResponse, jsonResponse, type HttpClient, type HttpResponse } from '@drayage/content'

import type { Metrics } from './metrics.ts'

/** An answer for people and probes. */
function text(status: number, body: string): HttpResponse {
  return bytesResponse(status, body, { 'content-type': 'text/plain; charset=utf-8' })
}

/**
 * What the admin listener serves: `/metrics`, `/healthz` (the process answers), `/readyz` (the store does too) and `/storez`
 * (nothing of it is damaged).
 */
export function createAdmin(
  metrics: Metrics,
  isReady: () => Promise<boolean>,
  storeHealth: () => Promise<HttpResponse>,
): HttpClient {
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return jsonResponse(405, { message: 'method not allowed' })
    switch (new URL(url).pathname) {
      case '/metrics':
        return bytesResponse(200, await metrics.text(), { 'content-type': metrics.contentType })
      case '/healthz':
        return text(200, 'ok\n')
      case '/readyz':
        return (await isReady()) ? text(200, 'ok\n') : text(503, 'the store cannot be read\n')
      case '/storez':
        return await storeHealth()
      default:
        return jsonResponse(404, { message: 'page not found' })
    }
  }
}
