import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'

import type { HttpClient, HttpRequest } from '@drayage/content'

import { ClientGoneError } from '../errors.ts'
import { jsonResponse } from '../respond.ts'
import { breakAsAsked, isConnectionFault } from './break-off.ts'
import { linger } from './linger.ts'
import { openRequestBody, type RequestBody } from './request-body.ts'
import type { RequestEvent } from './request-event.ts'
import { sendResponse } from './send-response.ts'

/** Options of {@link serveOn}. */
export interface ServeOnOptions {
  /** Called after each response, whole or broken. */
  readonly onRequest?: (event: RequestEvent) => void
  /** How long closing waits for running requests, in milliseconds; 5 000 by default. */
  readonly graceMs?: number
  /** How long a client may send nothing in the middle of a body, in milliseconds; for ever by default. */
  readonly bodyIdleMs?: number | undefined
}

/** Options of {@link serve}. */
export interface ServeOptions extends ServeOnOptions {
  /** The address to listen on; `127.0.0.1` by default. */
  readonly host?: string
  /** The port to listen on; 0, the default, takes a free one. */
  readonly port?: number
  /** How long a client may take for the headers of a request, in milliseconds; 60 000 by default. */
  readonly headersTimeoutMs?: number
}

/** A server that answers. */
export interface Served extends AsyncDisposable {
  /** Takes no new connections, waits for running requests up to the grace time, then closes all connections. */
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
 * signal of its request fires when the client leaves. A handler that rejects makes a 500 without details; a body that
 * fails or is short closes the connection; a `ConnectionFaultError` of either breaks it as it says.
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
 * Lets a server of `node:http` or `node:https`, with whatever limits and socket it has, answer by a handler, as
 * {@link serve} does. Making it listen is the caller's.
 */
export function serveOn(server: Server | SecureServer, handler: HttpClient, options: ServeOnOptions = {}): Served {
  const { onRequest, graceMs = 5_000, bodyIdleMs } = options
  let closing: Promise<void> | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const event = await handle({ handler, url: addressOf(server).url, request, response, bodyIdleMs })
    // The connection is idle once this turn is over.
    if (closing !== undefined) setImmediate(() => server.closeIdleConnections())
    onRequest?.(event)
  }
  server.on('request', (request, response) => void answer(request, response))
  server.on('checkContinue', (request, response) => void answer(request, response))
  const close = (): Promise<void> => (closing ??= closeServer(server, graceMs))
  return { close, [Symbol.asyncDispose]: close }
}

/** The server's own address; a socket that is a file has none that a URL could tell. */
function addressOf(server: Server | SecureServer): { readonly authority: string; readonly url: string } {
  const address = server.address()
  if (address === null || typeof address === 'string') return { authority: 'localhost', url: 'http://localhost' }
  const authority = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
  return { authority, url: `${'setSecureContext' in server ? 'https' : 'http'}://${authority}` }
}

interface Incoming {
  readonly handler: HttpClient
  /** Of this server. */
  readonly url: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly bodyIdleMs: number | undefined
}

async function handle({ handler, url, request, response, bodyIdleMs }: Incoming): Promise<RequestEvent> {
  const leaving = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort(new ClientGoneError())
  })
  const { signal } = leaving
  const target = pathOf(request.url ?? '')
  const body = openRequestBody(request, response, bodyIdleMs)
  let bytesSent = 0
  let failure: { readonly error: unknown } | undefined
  try {
    const result = await answerOf(handler, toRequest(url + target, request, body, signal))
    failure = result.failure
    const onBytes = (bytes: number): void => void (bytesSent += bytes)
    await sendResponse(response, result.response, { signal, onBytes })
    if (!body.isRead()) linger(request)
  } catch (error) {
    failure ??= { error }
    if (!response.headersSent) {
      if (isConnectionFault(error)) breakAsAsked(response, error)
      else response.destroy()
    }
  }
  const queryAt = target.indexOf('?')
  return {
    method: request.method ?? '',
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    query: queryAt < 0 ? '' : target.slice(queryAt),
    status: response.headersSent ? response.statusCode : 0,
    range: request.headers.range,
    bytesSent,
    isComplete: response.writableFinished,
    ...failure,
  }
}

interface Answer {
  readonly response: Awaited<ReturnType<HttpClient>>
  readonly failure?: { readonly error: unknown }
}

async function answerOf(handler: HttpClient, request: HttpRequest): Promise<Answer> {
  try {
    return { response: await handler(request) }
  } catch (error) {
    request.signal?.throwIfAborted()
    if (isConnectionFault(error)) throw error
    const response = jsonResponse(500, { errors: [{ code: 'UNKNOWN', message: 'internal error' }] })
    return { response, failure: { error } }
  }
}

function toRequest(url: string, request: IncomingMessage, body: RequestBody, signal: AbortSignal): HttpRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
  const method = request.method ?? 'GET'
  return { method, url, headers, signal, ...(body.stream === undefined ? {} : { body: body.stream }) }
}

/** The path and query of a request's target, which may also be a whole URL. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const parsed = URL.parse(target)
  return parsed === null ? '/' : parsed.pathname + parsed.search
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
