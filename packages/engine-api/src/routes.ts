import { pullAction } from './actions/pull.ts'
import { historyAction } from './actions/history.ts'
import { inspectAction } from './actions/inspect.ts'
import { listAction } from './actions/list.ts'
import { loadAction } from './actions/load.ts'
import { ping } from './actions/ping.ts'
import { pushAction } from './actions/push.ts'
import { removeAction } from './actions/remove.ts'
import { saveAction } from './actions/save.ts'
import { tagAction } from './actions/tag.ts'
import { showVersion } from './actions/version.ts'
import type { Route } from './route.ts'

/** What is served, the first that fits. @see Docker Engine API v1.50 */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', action: ping },
  { method: 'GET', path: '/version', action: showVersion },
  { method: 'GET', path: '/images/json', action: listAction },
  { method: 'POST', path: '/images/create', action: pullAction },
  { method: 'POST', path: '/images/load', action: loadAction },
  { method: 'GET', path: '/images/get', action: saveAction },
  { method: 'GET', path: '/images/{name}/json', action: inspectAction },
  { method: 'GET', path: '/images/{name}/history', action: historyAction },
  { method: 'GET', path: '/images/{name}/get', action: saveAction },
  { method: 'POST', path: '/images/{name}/push', action: pushAction },
  { method: 'POST', path: '/images/{name}/tag', action: tagAction },
  { method: 'DELETE', path: '/images/{name}', action: removeAction },
]
