import type { ServerResponse } from 'node:http'

/** How long a client may take for the bytes that were written before the response broke, in milliseconds. */
const FLUSH_MS = 5_000

/**
 * Ends a response that cannot be completed. The client gets the bytes that were written, and then a closed connection in
 * place of the end of the body, so that it never takes the part for the whole. A body that has no length and no chunks
 * would end by closing; its connection is reset.
 */
export function breakOff(response: ServerResponse, hasLength: boolean): void {
  const { socket } = response
  if (socket === null || !response.headersSent || socket.destroyed) {
    response.destroy()
    return
  }
  if (!response.chunkedEncoding && !hasLength) {
    socket.resetAndDestroy()
    return
  }
  const timer = setTimeout(() => socket.destroy(), FLUSH_MS).unref()
  socket.write('', () => {
    clearTimeout(timer)
    socket.destroy()
  })
}
