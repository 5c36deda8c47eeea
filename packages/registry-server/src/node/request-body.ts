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
 * stream early leaves the socket open, so that a response can still be sent; a client that sends nothing for `idleMs`
 * while a byte is wanted is left.
 */
export function openRequestBody(request: IncomingMessage, response: ServerResponse, idleMs?: number): RequestBody {
  const { headers } = request
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  if (isEmpty) return { stream: undefined, isRead: () => true }
  async function* read(): ByteStream {
    if (headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
    const chunks = request.iterator({ destroyOnReturn: false })
    yield* idleMs === undefined ? chunks : leftWhenIdle(chunks, request, idleMs)
  }
  return { stream: read(), isRead: () => request.readableEnded }
}

async function* leftWhenIdle(chunks: AsyncIterable<Uint8Array>, request: IncomingMessage, idleMs: number): ByteStream {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      // Nothing is counted while the handler has a chunk and wants no other.
      const timer = setTimeout(() => request.socket.destroy(), idleMs)
      const next = await iterator.next().finally(() => clearTimeout(timer))
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}
