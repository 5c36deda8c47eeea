import { authAction } from './actions/auth.ts'
import { createAction } from './actions/create.ts'
import { diskUsageAction } from './actions/disk-usage.ts'
import { distributionAction } from './actions/distribution.ts'
import { eventsAction } from './actions/events.ts'
import { historyAction } from './actions/history.ts'
import { infoAction } from './actions/info.ts'
import { inspectAction } from './actions/inspect.ts'
import { listAction } from './actions/list.ts'
import { loadAction } from './actions/load.ts'
import { ping } from './actions/ping.ts'
import { pruneAction } from './actions/prune.ts'
import { pushAction } from './actions/push.ts'
import { removeAction } from './actions/remove.ts'
import { saveAction } from './actions/save.ts'
import { searchAction } from './actions/search.ts'
import { tagAction } from './actions/tag.ts'
import { showVersion } from './actions/version.ts'
import { ABSENT_ROUTES } from './absent-routes.ts'
import type { Route } from './route.ts'

/** What is served, the first that fits. @see Docker Engine API v1.50 */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', action: ping },
  { method: 'GET', path: '/version', action: showVersion },
  { method: 'GET', path: '/info', action: infoAction },
  { method: 'GET', path: '/events', action: eventsAction },
  { method: 'GET', path: '/system/df', action: diskUsageAction },
  { method: 'POST', path: '/auth', action: authAction },
  { method: 'GET', path: '/images/json', action: listAction },
  { method: 'POST', path: '/images/create', action: createAction },
  { method: 'POST', path: '/images/load', action: loadAction },
  { method: 'POST', path: '/images/prune', action: pruneAction },
  { method: 'GET', path: '/images/search', action: searchAction },
  { method: 'GET', path: '/images/get', action: saveAction },
  { method: 'GET', path: '/images/{name}/json', action: inspectAction },
  { method: 'GET', path: '/images/{name}/history', action: historyAction },
  { method: 'GET', path: '/images/{name}/get', action: saveAction },
  { method: 'POST', path: '/images/{name}/push', action: pushAction },
  { method: 'POST', path: '/images/{name}/tag', action: tagAction },
  { method: 'DELETE', path: '/images/{name}', action: removeAction },
  { method: 'GET', path: '/distribution/{name}/json', action: distributionAction },
  ...ABSENT_ROUTES,
]
