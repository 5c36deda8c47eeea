import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import type { HttpResponse } from '@drayage/content'

import { breakAsAsked, breakOff, isConnectionFault } from './break-off.ts'

/** Options of {@link sendResponse}. */
export interface SendOptions {
  readonly signal: AbortSignal
  /** Called with the size of each part of the body, in bytes, before it is written. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Sends a response, at the pace of the client. When it rejects, because the body's source failed or does not match its
 * `content-length`, the connection is broken.
 */
export async function sendResponse(
  target: ServerResponse,
  response: HttpResponse,
  options: SendOptions,
): Promise<void> {
  const length = response.headers['content-length']
  target.writeHead(response.status, response.headers)
  // The first byte of a stream may take long, and clients need to know before that it was accepted. In HTTP/1.0 a stream ends
  // with its connection, which Node 22 cannot reset any more once something was sent.
  if (length === undefined && target.req.httpVersion !== '1.0') target.flushHeaders()
  try {
    await sendBody(target, response, options)
  } catch (error) {
    if (isConnectionFault(error)) breakAsAsked(target, error)
    else breakOff(target, length !== undefined)
    throw error
  }
}

async function sendBody(target: ServerResponse, response: HttpResponse, options: SendOptions): Promise<void> {
  const { signal, onBytes } = options
  const isHead = target.req.method === 'HEAD'
  const length = response.headers['content-length']
  const wanted = isHead || length === undefined ? undefined : Number(length)
  let sent = 0
  for await (const chunk of response.body) {
    signal.throwIfAborted()
    if (isHead || chunk.byteLength === 0) continue
    sent += chunk.byteLength
    if (wanted !== undefined && sent > wanted) throw lengthError(`more than ${wanted}`, wanted)
    onBytes(chunk.byteLength)
    if (!target.write(chunk)) await once(target, 'drain', { signal })
  }
  if (wanted !== undefined && sent < wanted) throw lengthError(String(sent), wanted)
  const finished = once(target, 'finish', { signal })
  target.end()
  await finished
}

function lengthError(found: string, wanted: number): RangeError {
  return new RangeError(`Cannot send response: its body has ${found} bytes, expected ${wanted}`)
}
