import type { HttpResponse } from '@drayage/content'
import { listImages } from '@drayage/runtime'

import { isFrom } from '../api-version.ts'
import type { Exchange } from '../exchange.ts'
import { filtersOf, textOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /images/json` */
export async function listAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, version, query, request } = exchange
  const filters = [...filtersOf(exchange)].flatMap(([key, values]) => values.map((value) => `${key}=${value}`))
  const older = isFrom(version, 41) ? undefined : textOf(query, 'filter')
  if (older !== undefined) filters.push(`reference=${older}`)
  const images = await listImages(runtime, { filters, signal: request.signal })
  if (isFrom(version, 44)) return jsonResponse(images)
  return jsonResponse(images.map((image) => ({ ...image, VirtualSize: image.Size })))
}
