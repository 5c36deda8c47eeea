import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

import type { HttpClient } from '@drayage/content'
import { pino, type Logger } from 'pino'

/** The daemon's log: one JSON object a line, to stderr. */
export type Log = Logger

/** Opens the log. */
export function createLog(level: string): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, pino.destination({ fd: 2, sync: true }))
}

const requestLogs = new AsyncLocalStorage<Log>()

/** The log of the request that is being answered, whose lines carry its ID. */
export function logOfRequest(): Log | undefined {
  return requestLogs.getStore()
}

/**
 * Gives each request an ID, which its response has in `x-request-id` and its log lines in `requestId`. Queries and headers
 * are not logged.
 */
export function withRequestLog(handler: HttpClient, listener: string, log: Log): HttpClient {
  return async (request) => {
    const requestId = randomUUID()
    const { method } = request
    const own = log.child({ requestId, listener, method, path: new URL(request.url).pathname })
    try {
      const response = await requestLogs.run(own, () => handler(request))
      const { status } = response
      if (status >= 500 && status !== 501) own.error({ status }, 'request failed')
      else own.debug({ status }, 'answered')
      return { ...response, headers: { ...response.headers, 'x-request-id': requestId } }
    } catch (err) {
      own.debug({ err }, 'request ended without an answer')
      throw err
    }
  }
}
