import type { ServerResponse } from 'node:http'

import { type ConnectionFaultError, isRegistryServerError } from '../errors.ts'

/** How long a client may take to read what was written before the response broke, in milliseconds. */
const FLUSH_MS = 5_000

/**
 * Ends a response that cannot be completed. The client gets the bytes that were written, and then a closed connection
 * instead of the end of the body, so that it never mistakes the part for the whole. The end of a body without length and
 * chunks is the close of its connection, which is therefore reset.
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

/** How long the bytes before a reset have to reach a reading client, in milliseconds. */
const RESET_AFTER_MS = 20

/** Tells whether `error` says how to break the connection. */
export function isConnectionFault(error: unknown): error is ConnectionFaultError {
  return isRegistryServerError(error) && error.code === 'ERR_CONNECTION_FAULT'
}

/** Breaks the connection of a response as the fault says, after the headers and bytes that were written. */
export function breakAsAsked(response: ServerResponse, { connection }: ConnectionFaultError): void {
  const { socket } = response
  if (socket === null || socket.destroyed) {
    response.destroy()
    return
  }
  if (response.headersSent) response.flushHeaders()
  const timer = setTimeout(() => socket.destroy(), FLUSH_MS).unref()
  const end = (): void => {
    clearTimeout(timer)
    if (connection.ending === 'close') socket.destroy()
    else setTimeout(() => socket.resetAndDestroy(), RESET_AFTER_MS)
  }
  // The response buffers the chunks of one turn until its end.
  setImmediate(() => socket.write(connection.lastBytes ?? '', end))
}
