import type { ServerResponse } from 'node:http'

import { type ConnectionFaultError, isRegistryServerError } from '../errors.ts'

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

/** How long what was sent before a reset has to reach a client that reads, in milliseconds. */
const RESET_AFTER_MS = 20

/** Tells whether `error` says how the connection is to be broken. */
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
  // The response holds the chunks of one turn back until its end.
  setImmediate(() => socket.write(connection.lastBytes ?? '', end))
}
