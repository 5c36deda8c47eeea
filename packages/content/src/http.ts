import { encodeText, fromBytes, type ByteStream } from '@drayage/bytes'

/** A request as clients send it and handlers take it. */
export interface HttpRequest {
  readonly method: string
  /** Absolute; a handler only looks at path and query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: ByteStream
  readonly signal?: AbortSignal | undefined
  /**
   * The origin of the server that named `url`, where it was not the caller. A transport that looks names up keeps such a
   * request from addresses that the server may not name, such as those of this machine.
   */
  readonly namedBy?: string | undefined
}

/** A response; its receiver reads the body to the end or closes it. */
export interface HttpResponse {
  readonly status: number
  /** Names in lower case; several values of one name are joined by `, `, except `set-cookie`, which is dropped. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Closed, by `return()` of its iterator, also without having been read. A wrapper passes that on, as `observe` of
   * `@drayage/bytes` does: an `async function*` that was never started ends without closing what it would have read.
   */
  readonly body: ByteStream
}

/**
 * HTTP as one function: a transport, a handler, or a wrapper that adds retry, credentials or logging. It does not follow
 * redirects and does not undo content encodings.
 */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>

type Headers = Readonly<Record<string, string>>

/** A response with a body whose size is known; text is encoded as UTF-8. */
export function bytesResponse(status: number, body: Uint8Array | string, headers: Headers): HttpResponse {
  const bytes = typeof body === 'string' ? encodeText(body) : body
  return { status, headers: { 'content-length': String(bytes.byteLength), ...headers }, body: fromBytes(bytes) }
}

/** A response with a value as one line of JSON, `application/json` unless `headers` say otherwise. */
export function jsonResponse(status: number, value: unknown, headers: Headers = {}): HttpResponse {
  return bytesResponse(status, `${JSON.stringify(value)}\n`, { 'content-type': 'application/json', ...headers })
}

/** A response without a body. */
export function emptyResponse(status: number, headers: Headers = {}): HttpResponse {
  const length: Headers = status === 204 || status === 304 ? {} : { 'content-length': '0' }
  return { status, headers: { ...length, ...headers }, body: fromBytes() }
}

/** The response to `request`: that of a HEAD keeps its headers and loses its body, which is closed. */
export async function responseTo(request: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
  if (request.method !== 'HEAD') return response
  await response.body[Symbol.asyncIterator]().return?.()
  return { ...response, body: fromBytes() }
}
