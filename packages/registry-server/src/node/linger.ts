import type { IncomingMessage } from 'node:http'

/** The most bytes of a refused body that are read and dropped. */
const LINGER_BYTES = 65_536
/** How long the connection stays open for a client that goes on sending, in milliseconds. */
const LINGER_MS = 1_000

/**
 * Leaves a body that nobody wanted after its response went out. A short rest is read, and the connection can be used
 * again. Of a long one the sender is held up and its connection then closed; closing at once could reset it before the
 * client has read the response.
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
