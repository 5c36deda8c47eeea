import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import type { HttpResponse } from '@drayage/content'

/**
 * Sends a response and waits where the client reads slowly.
 *
 * @returns the bytes of the body that were written, through `onBytes`, also when it rejects
 * @throws Error of the body's source, or when it is shorter or longer than its `content-length`; the caller then destroys
 * the connection, so that the client never takes the part for the whole
 */
export async function sendResponse(
  target: ServerResponse,
  response: HttpResponse,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  target.writeHead(response.status, response.headers)
  const isHead = target.req.method === 'HEAD'
  const declared = response.headers['content-length']
  const wanted = isHead || declared === undefined ? undefined : Number(declared)
  let sent = 0
  for await (const chunk of response.body) {
    signal.throwIfAborted()
    if (isHead || chunk.byteLength === 0) continue
    sent += chunk.byteLength
    if (wanted !== undefined && sent > wanted) throw new RangeError(lengthMessage(`more than ${wanted}`, wanted))
    onBytes(chunk.byteLength)
    if (!target.write(chunk)) await once(target, 'drain', { signal })
  }
  if (wanted !== undefined && sent < wanted) throw new RangeError(lengthMessage(String(sent), wanted))
  const finished = once(target, 'finish', { signal })
  target.end()
  await finished
}

function lengthMessage(found: string, wanted: number): string {
  return `Cannot send response: found ${found} bytes in its body, expected ${wanted}`
}
