import type { HttpClient } from '@drayage/content'

import { answer, refuse } from '../refuse.ts'
import type { Metrics } from './metrics.ts'

const TEXT = 'text/plain; charset=utf-8'

/** What the admin listener serves: `/metrics`, `/healthz` (the process answers) and `/readyz` (the store does too). */
export function createAdmin(metrics: Metrics, isReady: () => Promise<boolean>): HttpClient {
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'method not allowed')
    switch (new URL(url).pathname) {
      case '/metrics':
        return answer(200, metrics.contentType, await metrics.text())
      case '/healthz':
        return answer(200, TEXT, 'ok\n')
      case '/readyz':
        return (await isReady()) ? answer(200, TEXT, 'ok\n') : answer(503, TEXT, 'the store cannot be read\n')
      default:
        return refuse(404, 'page not found')
    }
  }
}
