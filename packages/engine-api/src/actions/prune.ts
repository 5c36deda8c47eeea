import { jsonResponse, type HttpResponse } from '@drayage/content'
import { listImages, pruneImages } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { queryFilters } from '../http/query.ts'
import { publishRemoved } from '../images/image-events.ts'

/** The runtimes with a running prune: one at a time for each store. */
const running = new WeakSet<object>()

/** `POST /images/prune[?filters=...]` */
export async function pruneAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, events, request } = exchange
  const { signal } = request
  const { all, filters } = pruneFilters(exchange)
  if (running.has(runtime)) throw new EngineRequestError(409, 'a prune operation is already running')
  running.add(runtime)
  try {
    const known = new Map((await listImages(runtime, { signal })).map(({ Id, Labels }) => [Id, Labels]))
    const { removed, bytes } = await pruneImages(runtime, { all, filters, signal })
    publishRemoved(events, removed, known)
    events.publish('prune', '', { reclaimed: String(bytes) })
    return jsonResponse(200, { ImagesDeleted: removed.length === 0 ? null : removed, SpaceReclaimed: bytes })
  } finally {
    running.delete(runtime)
  }
}

const FILTERS: readonly string[] = ['dangling', 'label', 'label!', 'until']

function pruneFilters(exchange: Exchange): { readonly all: boolean; readonly filters: readonly string[] } {
  const given = queryFilters(exchange)
  const dangling = given.get('dangling') ?? ['true']
  const isFalse = dangling.every((value) => value === 'false' || value === '0')
  const isTrue = dangling.every((value) => value === 'true' || value === '1')
  if (isFalse === isTrue) throw new EngineRequestError(400, `invalid filter 'dangling=[${dangling.join(' ')}]'`)
  const unknown = [...given.keys()].find((key) => !FILTERS.includes(key))
  if (unknown !== undefined) throw new EngineRequestError(400, `invalid filter '${unknown}'`)
  if ((given.get('until')?.length ?? 0) > 1) throw new EngineRequestError(400, 'more than one until filter specified')
  const others = [...given].filter(([key]) => key !== 'dangling')
  return { all: isFalse, filters: others.flatMap(([key, values]) => values.map((value) => `${key}=${value}`)) }
}
