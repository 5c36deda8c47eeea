import type { HttpResponse } from '@drayage/content'
import { diskUsage } from '@drayage/runtime'

import { isFrom } from '../api-version.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'

const TYPES = ['container', 'image', 'volume', 'build-cache']

/** `GET /system/df[?type=image]` */
export async function diskUsageAction({ runtime, version, query, request }: Exchange): Promise<HttpResponse> {
  const wanted = query.getAll('type')
  const unknown = wanted.find((type) => !TYPES.includes(type))
  if (unknown !== undefined) throw new EngineRequestError(400, `unknown object type: ${JSON.stringify(unknown)}`)
  const has = (type: string): boolean => wanted.length === 0 || wanted.includes(type)
  const usage = has('image') ? await diskUsage(runtime, { signal: request.signal }) : { LayersSize: 0, Images: null }
  const images = isFrom(version, 44) ? usage.Images : (usage.Images?.map(withVirtualSize) ?? null)
  return jsonResponse({
    LayersSize: usage.LayersSize,
    Images: images,
    Containers: has('container') ? [] : null,
    Volumes: has('volume') ? [] : null,
    BuildCache: has('build-cache') ? [] : null,
    BuilderSize: 0,
  })
}

function withVirtualSize<T extends { readonly Size: number }>(image: T): T & { readonly VirtualSize: number } {
  return { ...image, VirtualSize: image.Size }
}
