import { escapeText } from '@drayage/bytes'
import { jsonResponse, type HttpResponse } from '@drayage/content'
import { diskUsage } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../http/api-version.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { querySwitch } from '../http/query.ts'
import { listedImage } from '../images/listed-image.ts'
import { shownNames } from '../images/shown-names.ts'

const TYPES = ['container', 'image', 'volume', 'build-cache'] as const

type UsageType = (typeof TYPES)[number]

/**
 * `GET /system/df[?type=image...][&verbose=1]`: versions from 1.52 have a summary of each type; without `verbose` they have
 * the lists of older versions too, as in Docker Engine.
 */
export async function diskUsageAction(exchange: Exchange): Promise<HttpResponse> {
  const { version, query } = exchange
  const wanted = isFrom(version, 42) ? query.getAll('type') : []
  const unknown = wanted.find((type) => !TYPES.some((known) => known === type))
  if (unknown !== undefined) throw new EngineRequestError(400, `unknown object type: ${escapeText(unknown, 64)}`)
  const has = (type: UsageType): boolean => wanted.length === 0 || wanted.includes(type)
  const usage = has('image') ? await imageUsage(exchange) : undefined
  const isVerbose = isFrom(version, 52) && querySwitch(query, 'verbose')
  return jsonResponse(200, {
    ...(isVerbose ? {} : lists(version, usage, has)),
    ...(isFrom(version, 52) ? summaries(usage, has, isVerbose) : {}),
  })
}

/** What images take: every size counts bytes as they are stored. */
interface ImageUsage {
  readonly bytes: number
  /** Those that no other image has. */
  readonly reclaimable: number
  readonly images: readonly object[]
}

async function imageUsage({ runtime, version, request }: Exchange): Promise<ImageUsage> {
  const { LayersSize, Images } = await diskUsage(runtime, { signal: request.signal })
  const named = await shownNames(await runtime.openStore(), version)
  return {
    bytes: LayersSize,
    reclaimable: Images.reduce((sum, { Size, SharedSize }) => sum + Size - SharedSize, 0),
    images: Images.map((image) => listedImage(version, named(image))),
  }
}

function lists(version: ApiVersion, usage: ImageUsage | undefined, has: (type: UsageType) => boolean): object {
  return {
    LayersSize: usage?.bytes ?? 0,
    ...(usage === undefined ? {} : { Images: usage.images }),
    ...(has('container') ? { Containers: [] } : {}),
    ...(has('volume') ? { Volumes: [] } : {}),
    ...(has('build-cache') ? { BuildCache: [] } : {}),
    ...(isFrom(version, 42) ? {} : { BuilderSize: 0 }),
  }
}

/** What is empty has no members. */
function summaries(usage: ImageUsage | undefined, has: (type: UsageType) => boolean, isVerbose: boolean): object {
  return {
    ...(usage === undefined ? {} : { ImageUsage: imageSummary(usage, isVerbose) }),
    ...(has('container') ? { ContainerUsage: {} } : {}),
    ...(has('volume') ? { VolumeUsage: {} } : {}),
    ...(has('build-cache') ? { BuildCacheUsage: {} } : {}),
  }
}

/** No image is active, since none has a container: all that it shares with no other image can be reclaimed. */
function imageSummary({ bytes, reclaimable, images }: ImageUsage, isVerbose: boolean): object {
  if (images.length === 0) return {}
  return {
    TotalCount: images.length,
    TotalSize: bytes,
    Reclaimable: reclaimable,
    ...(isVerbose ? { Items: images } : {}),
  }
}
