import { emptyResponse } from '@drayage/content'

import { attestationsAction } from '../actions/attestations.ts'
import { authAction } from '../actions/auth.ts'
import { createAction } from '../actions/pull.ts'
import { diskUsageAction } from '../actions/disk-usage.ts'
import { distributionAction } from '../actions/distribution.ts'
import { eventsAction } from '../actions/events.ts'
import { historyAction, inspectAction } from '../actions/inspect.ts'
import { infoAction } from '../actions/info.ts'
import { listAction } from '../actions/list.ts'
import { loadAction } from '../actions/load.ts'
import { ping, showVersion } from '../actions/version.ts'
import { pruneAction } from '../actions/prune.ts'
import { pushAction } from '../actions/push.ts'
import { removeAction } from '../actions/remove.ts'
import { saveAction } from '../actions/save.ts'
import { searchAction } from '../actions/search.ts'
import { tagAction } from '../actions/tag.ts'
import { ABSENT_ROUTES } from './absent-routes.ts'
import type { Route } from './route.ts'

/** Every route, in the order in which they are matched. @see Docker Engine API v1.57 */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', action: ping },
  { method: 'GET', path: '/libpod/_ping', action: ping },
  { method: 'GET', path: '/version', action: showVersion },
  { method: 'GET', path: '/info', action: infoAction },
  { method: 'GET', path: '/events', action: eventsAction },
  { method: 'GET', path: '/system/df', action: diskUsageAction },
  { method: 'POST', path: '/auth', action: authAction },
  { method: 'GET', path: '/images/json', action: listAction },
  { method: 'POST', path: '/images/create', action: createAction },
  { method: 'POST', path: '/images/load', action: loadAction },
  { method: 'POST', path: '/images/prune', from: 25, action: pruneAction },
  { method: 'GET', path: '/images/search', action: searchAction },
  { method: 'GET', path: '/images/get', action: saveAction },
  { method: 'GET', path: '/images/{name}/json', action: inspectAction },
  { method: 'GET', path: '/images/{name}/history', action: historyAction },
  { method: 'GET', path: '/images/{name}/attestations', from: 55, action: attestationsAction },
  { method: 'GET', path: '/images/{name}/get', action: saveAction },
  { method: 'POST', path: '/images/{name}/push', action: pushAction },
  { method: 'POST', path: '/images/{name}/tag', action: tagAction },
  { method: 'DELETE', path: '/images/{name}', action: removeAction },
  { method: 'GET', path: '/distribution/{name}/json', from: 30, action: distributionAction },
  { method: 'OPTIONS', path: '{name}', action: async () => emptyResponse(200) },
  ...ABSENT_ROUTES,
]
