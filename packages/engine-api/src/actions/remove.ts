import type { HttpResponse } from '@drayage/content'
import { removeImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { booleanOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/** `DELETE /images/{name}[?force=1]` */
export async function removeAction({ runtime, name, query, events, request }: Exchange): Promise<HttpResponse> {
  if (name.trim() === '') throw new EngineRequestError(400, 'image name cannot be blank')
  const removed = await removeImage(runtime, name, { force: booleanOf(query, 'force'), signal: request.signal })
  for (const item of removed) {
    if ('Untagged' in item) events.publish('untag', item.Untagged, { name: item.Untagged })
    else events.publish('delete', item.Deleted, { name: item.Deleted })
  }
  return jsonResponse(removed)
}
