import { Readable } from 'node:stream'

import type { ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import type { Dispatcher } from 'undici'

import { createDispatchers, type DispatcherOptions } from './dispatchers.ts'
import type { RegistryUnreachableError } from './errors.ts'
import { transportFailure } from './transport-failure.ts'
import { connectBy } from './undici-tls.ts'

/** A transport over undici, with its sockets. */
export type UndiciClient = HttpClient &
  AsyncDisposable & {
    /** Closes the idle sockets, and each other one at the end of its request. */
    close(): Promise<void>
  }

/** The bytes of a body that are buffered while its consumer is busy. */
const BODY_BUFFER_BYTES = 256 * 1024

/**
 * A transport over undici: HTTP/1.1 with kept-alive connections, no redirects followed, no encoding undone. What fails
 * below HTTP is a `RegistryUnreachableError` with the reason. A GET or HEAD whose connection is closed before the first
 * byte of an answer, as happens when a server gives up a kept-alive connection while a request is on its way, is sent once
 * more on a new connection.
 */
export function undiciClient(options: DispatcherOptions = {}): UndiciClient {
  const dispatchers = createDispatchers(options, connectBy)
  const client = async (request: HttpRequest): Promise<HttpResponse> => {
    const { signal, method, url } = request
    signal?.throwIfAborted()
    const pooled = await dispatchers.pooled(url)
    try {
      return await exchange(pooled, request)
    } catch (error) {
      signal?.throwIfAborted()
      const failure = transportFailure(error, method, url)
      if (!isLostRace(failure, request)) throw failure
    }
    const fresh = await dispatchers.fresh(url)
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

type ResponseBody = Dispatcher.ResponseData['body']

/** Reads the body once; `return()` destroys its socket, also before the first read. */
function bodyOf(body: ResponseBody, request: HttpRequest): ByteStream {
  // Between the headers and the first read nobody else listens.
  body.on('error', () => {})
  return {
    [Symbol.asyncIterator]: () => {
      const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
      return {
        next: async () => {
          try {
            return await chunks.next()
          } catch (error) {
            request.signal?.throwIfAborted()
            throw transportFailure(error, request.method, request.url)
          }
        },
        return: async () => {
          body.destroy()
          return { done: true, value: undefined }
        },
      }
    },
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
