import type { HttpResponse } from '@drayage/content'
import { inspectImage } from '@drayage/runtime'

import { isFrom } from '../api-version.ts'
import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /images/{name}/json` */
export async function inspectAction({ runtime, name, version, request }: Exchange): Promise<HttpResponse> {
  const image = await inspectImage(runtime, name, { signal: request.signal })
  const driver = { GraphDriver: { Name: 'drayage', Data: null } }
  if (isFrom(version, 44)) return jsonResponse({ ...image, ...driver })
  return jsonResponse({ ...image, ...driver, VirtualSize: image.Size })
}
