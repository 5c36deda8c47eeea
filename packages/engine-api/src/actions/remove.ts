import type { HttpResponse } from '@drayage/content'
import { inspectImage, removeImage, type RemovedItem } from '@drayage/runtime'

import { isFrom } from '../api-version.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { imageOn } from '../image-for-platform.ts'
import { readPlatform } from '../platform-of.ts'
import { publishRemoved } from '../publish-removed.ts'
import { booleanOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/**
 * `DELETE /images/{name}[?force=1][&platforms=P...]`: with platforms, the images of the name that are for them go, by ID.
 * `noprune` changes nothing, since no image has parents here.
 */
export async function removeAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request } = exchange
  if (name.trim() === '') throw new EngineRequestError(400, 'image name cannot be blank')
  const { signal } = request
  const removed: RemovedItem[] = []
  for (const each of await removedNames(exchange)) {
    const { Id, Config } = await inspectImage(runtime, each, { signal })
    const items = await removeImage(runtime, each, { force: booleanOf(query, 'force'), signal })
    publishRemoved(events, items, new Map([[Id, Config?.Labels ?? null]]), Id)
    removed.push(...items)
  }
  return jsonResponse(removed)
}

async function removedNames(exchange: Exchange): Promise<readonly string[]> {
  const { runtime, name, query, version } = exchange
  const platforms = isFrom(version, 50) ? query.getAll('platforms').map(readPlatform) : []
  if (platforms.length === 0) return [name]
  const ids = new Set<string>()
  for (const platform of platforms) {
    ids.add((await inspectImage(runtime, await imageOn(exchange, name, platform))).Id)
  }
  return [...ids]
}
