import type { IncomingMessage, ServerResponse } from 'node:http'

import { jsonResponse, type HttpClient, type HttpRequest } from '@drayage/content'

import { ClientGoneError } from '../errors.ts'
import { breakAsAsked, isConnectionFault } from './break-off.ts'
import { linger, openRequestBody, type RequestBody } from './request-body.ts'
import { sendResponse } from './send-response.ts'

/** A finished request, as `onRequest` reports it. */
export interface RequestEvent {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** From `?` on; may be empty. It may hold secrets. */
  readonly query: string
  /** The status that was sent; 0 when the client left before there was one. */
  readonly status: number
  /** The `Range` header of the request. */
  readonly range: string | undefined
  /** Bytes of the response's body that were written. */
  readonly bytesSent: number
  /** Whether the response went out whole. */
  readonly isComplete: boolean
  /** The error that broke the response, if any. */
  readonly error?: unknown
}

/** A request of `node:http` and what answers it. */
export interface Incoming {
  readonly handler: HttpClient
  /** Of this server. */
  readonly url: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly bodyIdleMs: number | undefined
}

/**
 * Answers a request by the handler. A handler that rejects is answered with a 500 without details; a body that fails or is
 * short closes the connection. Never rejects.
 */
export async function answerRequest({ handler, url, request, response, bodyIdleMs }: Incoming): Promise<RequestEvent> {
  const leaving = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort(new ClientGoneError())
  })
  const { signal } = leaving
  const target = pathOf(request.url ?? '')
  const body = openRequestBody(request, response, bodyIdleMs)
  let bytesSent = 0
  let failure: Answer['failure']
  try {
    const result: Answer = isForOneHost(request)
      ? await answerOf(handler, toRequest(url + target, request, body, signal))
      : { response: jsonResponse(400, UNCLEAR_HOST, { connection: 'close' }) }
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

/** In the form of registries, and in that of Docker Engine. */
const UNCLEAR_HOST = {
  message: 'bad request: it names several hosts',
  errors: [{ code: 'UNSUPPORTED', message: 'bad request: it names several hosts' }],
}

/**
 * Whether a request names one host: what is in front of a server, and what guards it, could go by another one.
 *
 * @see RFC 9112, section 3.2
 */
function isForOneHost({ rawHeaders, headers, url = '' }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1) return false
  if (url.startsWith('/') || url === '*') return true
  const target = URL.parse(url)
  return target !== null && target.host !== '' && target.host === URL.parse(`${target.protocol}//${headers.host}`)?.host
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
