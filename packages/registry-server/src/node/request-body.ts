import type { IncomingMessage, ServerResponse } from 'node:http'

import type { ByteStream } from '@drayage/bytes'

/** The body of a request and how much of it was read. */
export interface RequestBody {
  /** Absent when the request announces none. */
  readonly stream: ByteStream | undefined
  /** Whether every byte that the client announced was read. */
  isRead(): boolean
}

/**
 * Opens the body of a request. A client that waits for `100 Continue` gets it when the first byte is wanted. Leaving the
 * stream early leaves the socket open, so that a response can still be sent.
 */
export function openRequestBody(request: IncomingMessage, response: ServerResponse): RequestBody {
  const { headers } = request
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  if (isEmpty) return { stream: undefined, isRead: () => true }
  async function* read(): ByteStream {
    if (headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
    yield* request.iterator({ destroyOnReturn: false })
  }
  return { stream: read(), isRead: () => request.readableEnded }
}
