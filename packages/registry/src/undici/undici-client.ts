import { Readable } from 'node:stream'

import type { ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import type { Dispatcher } from 'undici'

import { createDispatchers, type DispatcherOptions } from './dispatchers.ts'
import type { RegistryUnreachableError } from '../errors/connection-errors.ts'
import { UrlRefusedError } from '../errors/refusal-errors.ts'
import { transportFailure } from './transport-failure.ts'

/** A transport over undici, with its sockets. */
export type UndiciClient = HttpClient &
  AsyncDisposable & {
    /** Closes idle sockets now and the others at the end of their requests. */
    close(): Promise<void>
  }

/** How many bytes of a body are buffered while its consumer is busy. */
const BODY_BUFFER_BYTES = 256 * 1024

/**
 * A transport over undici: HTTP/1.1 with kept-alive connections. It follows no redirects and decodes no bodies. Failures
 * below HTTP are a `RegistryUnreachableError` with the reason. A GET or HEAD whose connection is closed before the first byte
 * of an answer, as when a server drops a kept-alive connection while a request is on its way, is sent once more on a new
 * connection. A request whose URL another server named goes to no address that this server may not name: names are looked
 * up, judged by where that server itself is, and connected to by the address that was judged.
 */
export function undiciClient(options: DispatcherOptions = {}): UndiciClient {
  const dispatchers = createDispatchers(options)
  const client = async (request: HttpRequest): Promise<HttpResponse> => {
    const { signal, method, url } = request
    signal?.throwIfAborted()
    const pooled = await dispatchers.pooled(request)
    try {
      return await exchange(pooled, request)
    } catch (error) {
      signal?.throwIfAborted()
      const refusal = refusalIn(error)
      if (refusal !== undefined) throw refusal
      const failure = transportFailure(error, method, url)
      if (!isLostRace(failure, request)) throw failure
    }
    const fresh = await dispatchers.fresh(request)
    try {
      return await exchange(fresh, request)
    } catch (error) {
      signal?.throwIfAborted()
      throw transportFailure(error, method, url)
    }
  }
  const close = async (): Promise<void> => await dispatchers.close()
  return Object.assign(client, { close, [Symbol.asyncDispose]: close })
}

/** What the gate of names said of the address that a connection would have gone to. */
function refusalIn(error: unknown): UrlRefusedError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof UrlRefusedError) return at
  return undefined
}

function isLostRace(failure: RegistryUnreachableError, request: HttpRequest): boolean {
  const isReplayable = (request.method === 'GET' || request.method === 'HEAD') && request.body === undefined
  return isReplayable && failure.reason === 'reset'
}

async function exchange(dispatcher: Dispatcher, request: HttpRequest): Promise<HttpResponse> {
  const { method, url, headers, body, signal } = request
  const { origin, pathname, search } = new URL(url)
  const response = await dispatcher.request({
    origin,
    path: pathname + search,
    method,
    headers,
    body: body === undefined ? null : Readable.from(body, { objectMode: false }),
    signal: signal ?? null,
    highWaterMark: BODY_BUFFER_BYTES,
  })
  const isEmpty = method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304
  if (isEmpty) response.body.on('error', () => {}).resume()
  return {
    status: response.statusCode,
    headers: joinHeaders(response.headers),
    body: isEmpty ? NOTHING : bodyOf(response.body, request),
  }
}

/**
 * The chunks of a body, read straight from its stream: the iterator of Node is one more step for each. `return()` destroys
 * the socket, also before the first read.
 */
function bodyOf(body: Readable, request: HttpRequest): ByteStream {
  let wake = (): void => {}
  // Between the headers and the first read nothing else listens for errors.
  for (const event of ['readable', 'end', 'error', 'close']) body.on(event, () => wake())

  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    for (;;) {
      const chunk: Uint8Array | null = body.destroyed ? null : body.read()
      if (chunk !== null) return { done: false, value: chunk }
      if (body.readableEnded) return { done: true, value: undefined }
      if (body.destroyed) {
        request.signal?.throwIfAborted()
        throw transportFailure(body.errored ?? new Error('the body was closed'), request.method, request.url)
      }
      const readable = Promise.withResolvers<void>()
      wake = readable.resolve
      await readable.promise
    }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next,
      return: async () => {
        body.destroy()
        return { done: true, value: undefined }
      },
    }),
  }
}

const NOTHING: ByteStream = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}

function joinHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === 'set-cookie' || name === '__proto__') continue
    joined[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return joined
}
