import type { HttpResponse } from '@drayage/content'
import { imageHistory } from '@drayage/runtime'

import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /images/{name}/history` */
export async function historyAction({ runtime, name, request }: Exchange): Promise<HttpResponse> {
  return jsonResponse(await imageHistory(runtime, name, { signal: request.signal }))
}
