import { randomUUID } from 'node:crypto'

import type { HttpClient } from '@drayage/content'

import type { Log } from './log.ts'

/**
 * Gives each request an identity, which its response names in `x-request-id` and its log lines have. What clients send in
 * queries and headers is not logged.
 */
export function withRequestLog(handler: HttpClient, listener: string, log: Log): HttpClient {
  return async (request) => {
    const requestId = randomUUID()
    const { method } = request
    const line = { requestId, listener, method, path: new URL(request.url).pathname }
    try {
      const response = await handler(request)
      const { status } = response
      if (status >= 500 && status !== 501) log.error({ ...line, status }, 'request failed')
      else log.debug({ ...line, status }, 'answered')
      return { ...response, headers: { ...response.headers, 'x-request-id': requestId } }
    } catch (err) {
      log.debug({ ...line, err }, 'request ended without an answer')
      throw err
    }
  }
}
