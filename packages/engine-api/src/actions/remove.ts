import { jsonResponse, type HttpResponse } from '@drayage/content'
import { formatPlatform, type Platform } from '@drayage/manifest'
import { findStored, removeImage, removePlatforms, type RemovedItem } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { querySwitch } from '../http/query.ts'
import { imageIdentity, publishRemoved } from '../images/image-events.ts'
import { isCoded, platformWords } from '../images/on-platform.ts'
import { queryPlatforms } from '../images/query-platform.ts'

/** Docker Engine's words, with the dash that it has. */
const NOT_FORCED = 'Content will be removed from all images referencing this variant. Use —-force to force delete.'

/**
 * `DELETE /images/{name}[?force=1][&platforms=P...]`: with platforms, the images for these go, and all names stay. `noprune`
 * changes nothing, since no image has parents here.
 */
export async function removeAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request } = exchange
  if (name.trim() === '') throw new EngineRequestError(400, 'image name cannot be blank')
  const { signal } = request
  const force = querySwitch(query, 'force')
  const platforms = queryPlatforms(exchange, { key: 'platforms', from: 50 })
  if (platforms.length > 0) {
    if (!force) throw new EngineRequestError(400, NOT_FORCED)
    return jsonResponse(200, await removeEach(exchange, platforms))
  }
  const { id, labels } = await imageIdentity(runtime, name, { signal })
  const removed = await removeImage(runtime, name, { force, signal })
  publishRemoved(events, removed, new Map([[id, labels]]), id)
  return jsonResponse(200, removed)
}

/** Removes the platforms one by one: those before one that is missing are gone, as with Docker Engine. */
async function removeEach(
  { runtime, name, request }: Exchange,
  platforms: readonly Platform[],
): Promise<RemovedItem[]> {
  const { signal } = request
  const removed: RemovedItem[] = []
  for (const platform of platforms) {
    try {
      removed.push(...(await removePlatforms(runtime, name, [platform], { force: true, signal })))
    } catch (error) {
      if (!isCoded(error, 'ERR_PLATFORM_NOT_FOUND')) throw error
      const { image } = await findStored(runtime, await runtime.openStore(), name, { signal })
      const words = platformWords(image.repoTags[0] ?? name, undefined)
      const message = `failed to delete platform ${formatPlatform(platform)} for image ${image.id}: ${words}`
      throw new EngineRequestError(404, message, { cause: error })
    }
  }
  return removed
}
