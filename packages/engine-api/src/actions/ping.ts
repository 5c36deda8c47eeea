import { encodeText } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { bytesResponse } from '../respond.ts'

/** `GET /_ping` and `HEAD /_ping`: the first request of every client, whose headers tell what is served. */
export async function ping(): Promise<HttpResponse> {
  return bytesResponse(200, encodeText('OK'), {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
    swarm: 'inactive',
  })
}
