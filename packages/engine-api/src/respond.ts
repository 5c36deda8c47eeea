import { encodeText, type ByteStream } from '@drayage/bytes'
import type { HttpRequest, HttpResponse } from '@drayage/content'

import type { Failure } from './failure.ts'

async function* once(bytes: Uint8Array): ByteStream {
  if (bytes.byteLength > 0) yield bytes
}

/** A response with a body of bytes whose size is known. */
export function bytesResponse(
  status: number,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
): HttpResponse {
  return { status, headers: { 'content-length': String(bytes.byteLength), ...headers }, body: once(bytes) }
}

/** A response with a JSON body. */
export function jsonResponse(value: unknown, status: number = 200): HttpResponse {
  return bytesResponse(status, encodeText(`${JSON.stringify(value)}\n`), { 'content-type': 'application/json' })
}

/** A response without a body. */
export function emptyResponse(status: number): HttpResponse {
  const headers: Record<string, string> = status === 204 || status === 304 ? {} : { 'content-length': '0' }
  return { status, headers, body: once(new Uint8Array()) }
}

/** The answer to a request that failed before anything else was answered. */
export function failureResponse({ status, message }: Failure): HttpResponse {
  return jsonResponse({ message }, status)
}

/** The response to `request`: that of a HEAD keeps its headers and has no body. */
export async function forMethod(request: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
  if (request.method !== 'HEAD') return response
  await response.body[Symbol.asyncIterator]().return?.()
  return { ...response, body: once(new Uint8Array()) }
}
