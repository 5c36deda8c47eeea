import type { HttpResponse } from '@drayage/content'
import { imageHistory } from '@drayage/runtime'

import type { Exchange } from '../exchange.ts'
import { imageForPlatform } from '../image-for-platform.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /images/{name}/history[?platform=P]` */
export async function historyAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, request } = exchange
  const image = await imageForPlatform(exchange, name)
  return jsonResponse(await imageHistory(runtime, image, { signal: request.signal }))
}
