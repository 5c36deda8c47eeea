import { jsonResponse, type HttpResponse } from '@drayage/content'
import type { Platform } from '@drayage/manifest'
import { findStored, imageHistory, inspectImage, type ImageInspection } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom } from '../http/api-version.ts'
import { querySwitch } from '../http/query.ts'
import { bareInspection } from '../images/bare-inspection.ts'
import { identityOf } from '../images/identity.ts'
import { inspectedImage } from '../images/inspected-image.ts'
import { manifestSummaries } from '../images/manifest-summaries.ts'
import { isCoded, onPlatform } from '../images/on-platform.ts'
import { queryPlatforms } from '../images/query-platform.ts'
import { shownNames } from '../images/shown-names.ts'

/** `GET /images/{name}/json[?platform=P][&manifests=1]`: either one image of an index, or what the index has. */
export async function inspectAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, version, query, request } = exchange
  const { signal } = request
  const [platform] = queryPlatforms(exchange, { key: 'platform', from: 49 })
  const isWithManifests = isFrom(version, 48) && querySwitch(query, 'manifests')
  if (isWithManifests && platform !== undefined) {
    throw new EngineRequestError(400, 'conflicting options: manifests and platform options cannot both be set')
  }
  const image = await inspectAny(exchange, platform)
  const store = await runtime.openStore()
  const named = await shownNames(store, version)
  const { stored } = await findStored(runtime, store, name, { signal })
  const origin = isFrom(version, 53) ? await identityOf(store, stored.target, { signal }) : undefined
  return jsonResponse(200, {
    ...inspectedImage(version, named(image)),
    ...(origin === undefined ? {} : { Identity: origin }),
    ...(isWithManifests ? { Manifests: await manifestSummaries(store, [stored.target], { signal }) } : {}),
  })
}

/** What a name stands for, which may be no image. */
async function inspectAny(
  { runtime, name, request }: Exchange,
  platform: Platform | undefined,
): Promise<ImageInspection> {
  const options = { signal: request.signal, ...(platform && { platform }) }
  try {
    return await onPlatform(name, platform, () => inspectImage(runtime, name, options))
  } catch (error) {
    const isOther = isCoded(error, 'ERR_NOT_AN_IMAGE') || isCoded(error, 'ERR_ENGINE_REQUEST')
    const bare = isOther && platform === undefined ? await bareInspection(runtime, name, options) : undefined
    if (bare === undefined) throw error
    return bare
  }
}

/** `GET /images/{name}/history[?platform=P]` */
export async function historyAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, request } = exchange
  const { signal } = request
  const [platform] = queryPlatforms(exchange, { key: 'platform', from: 48 })
  const history = (): Promise<object[]> => imageHistory(runtime, name, { signal, platform })
  return jsonResponse(200, await onPlatform(name, platform, history))
}
