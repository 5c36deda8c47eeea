import type { HttpResponse } from '@drayage/content'
import { inspectImage, removeImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { publishRemoved } from '../publish-removed.ts'
import { booleanOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/** `DELETE /images/{name}[?force=1]`: `noprune` changes nothing, since no image has parents here. */
export async function removeAction({ runtime, name, query, events, request }: Exchange): Promise<HttpResponse> {
  if (name.trim() === '') throw new EngineRequestError(400, 'image name cannot be blank')
  const { signal } = request
  const { Id, Config } = await inspectImage(runtime, name, { signal })
  const removed = await removeImage(runtime, name, { force: booleanOf(query, 'force'), signal })
  publishRemoved(events, removed, new Map([[Id, Config?.Labels ?? null]]), Id)
  return jsonResponse(removed)
}
