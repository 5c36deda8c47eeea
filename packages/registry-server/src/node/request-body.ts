import type { IncomingMessage, ServerResponse } from 'node:http'

import type { ByteStream } from '@drayage/bytes'

/** The body of a request and how much of it was read. */
export interface RequestBody {
  /** `undefined` when the request announces no body. */
  readonly stream: ByteStream | undefined
  /** Whether every byte that the client announced was read. */
  isRead(): boolean
}

/**
 * Opens the body of a request. A client that waits for `100 Continue` gets it when the first byte is read. Leaving the
 * stream early keeps the socket open, so that a response can still be sent. A client that sends nothing for `idleMs` while
 * the handler waits is disconnected.
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
      // No time counts while the handler works on a chunk.
      const timer = setTimeout(() => request.socket.destroy(), idleMs)
      const next = await iterator.next().finally(() => clearTimeout(timer))
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** The most bytes of a refused body that are read and dropped. */
const LINGER_BYTES = 65_536
/** How long the connection stays open for a client that keeps sending, in milliseconds. */
const LINGER_MS = 1_000

/**
 * Leaves an unread body after its response was sent. A short rest is read, so that the connection can be reused. The sender
 * of a long one is paused and then disconnected; closing at once could reset the connection before the client has read the
 * response.
 */
export function linger(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), LINGER_MS)
  const stop = (): void => clearTimeout(timer)
  let left = LINGER_BYTES
  request.once('end', stop).once('close', stop)
  request.on('error', stop)
  request.on('data', (chunk: Uint8Array) => {
    left -= chunk.byteLength
    if (left < 0) request.pause()
  })
}
