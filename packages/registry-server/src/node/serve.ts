import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'

import type { HttpClient } from '@drayage/content'

import { answerRequest, type RequestEvent } from './answer-request.ts'
import { type ConnectionLimits, limitConnections } from './connections.ts'
import { forClient } from './login-queue.ts'

/** Options of {@link serveOn}. */
export interface ServeOnOptions {
  /** Called after each response, whole or broken. */
  readonly onRequest?: (event: RequestEvent) => void
  /** How long closing waits for running requests, in milliseconds; 5 000 by default. */
  readonly graceMs?: number
  /** How long a client may send nothing in the middle of a body, in milliseconds; without limit by default. */
  readonly bodyIdleMs?: number | undefined
  /** How many connections there are at most. */
  readonly connections?: ConnectionLimits | undefined
}

/** Options of {@link serve}. */
export interface ServeOptions extends ServeOnOptions {
  /** The address to listen on; `127.0.0.1` by default. */
  readonly host?: string
  /** The port to listen on; 0, the default, for any free one. */
  readonly port?: number
  /** How long a client may take for the headers of a request, in milliseconds; 60 000 by default. */
  readonly headersTimeoutMs?: number
}

/** A server that answers. */
export interface Served extends AsyncDisposable {
  /** Accepts no new connections, waits for running requests up to the grace time, then closes all connections. */
  close(): Promise<void>
}

/** A server that listens. */
export interface HttpServer extends Served {
  /** Address and port, such as `127.0.0.1:5000`. */
  readonly host: string
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string
}

/**
 * Serves a handler over HTTP/1.1. The handler sees URLs with the server's own address, never the `Host` of a request; the
 * signal of its request fires when the client leaves. A handler that rejects is answered with a 500 without details; a body
 * that fails or is short closes the connection; a `ConnectionFaultError` of either breaks it as it says. A request for
 * another host than its `Host` header names, or with several of them, is answered with a 400.
 */
export async function serve(handler: HttpClient, options: ServeOptions = {}): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 0, headersTimeoutMs = 60_000 } = options
  // Transfers may take hours, so a request has no time limit as a whole; its headers have one.
  const server = createServer({ requestTimeout: 0, headersTimeout: headersTimeoutMs, keepAliveTimeout: 75_000 })
  const served = serveOn(server, handler, options)
  server.listen(port, host)
  await once(server, 'listening')
  const { authority } = addressOf(server)
  return { ...served, host: authority, url: `http://${authority}` }
}

/**
 * Answers the requests of a server of `node:http` or `node:https`, with its own limits and socket, by a handler, as
 * {@link serve} does. The caller makes it listen.
 */
export function serveOn(server: Server | SecureServer, handler: HttpClient, options: ServeOnOptions = {}): Served {
  const { onRequest, graceMs = 5_000, bodyIdleMs, connections } = options
  let closing: Promise<void> | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url } = addressOf(server)
    const { remoteAddress = '' } = request.socket
    const event = await forClient(remoteAddress, () => answerRequest({ handler, url, request, response, bodyIdleMs }))
    // The connection is idle once this turn is over.
    if (closing !== undefined) setImmediate(() => server.closeIdleConnections())
    onRequest?.(event)
  }
  limitConnections(server, connections)
  server.on('request', (request, response) => void answer(request, response))
  server.on('checkContinue', (request, response) => void answer(request, response))
  const close = (): Promise<void> => (closing ??= closeServer(server, graceMs))
  return { close, [Symbol.asyncDispose]: close }
}

/** The server's own address; `localhost` for a socket that is a file. */
function addressOf(server: Server | SecureServer): { readonly authority: string; readonly url: string } {
  const address = server.address()
  if (address === null || typeof address === 'string') return { authority: 'localhost', url: 'http://localhost' }
  const authority = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
  return { authority, url: `${'setSecureContext' in server ? 'https' : 'http'}://${authority}` }
}

async function closeServer(server: Server | SecureServer, graceMs: number): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  try {
    await closed
  } finally {
    clearTimeout(timer)
  }
}
