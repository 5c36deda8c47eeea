import { type ByteStream, encodeText } from '@drayage/bytes'
import type { HttpRequest, HttpResponse } from '@drayage/content'

import type { Refusal } from './errors.ts'

async function* once(bytes: Uint8Array): ByteStream {
  if (bytes.byteLength > 0) yield bytes
}

/** A response without a body. */
export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const length: Record<string, string> = status === 204 || status === 304 ? {} : { 'content-length': '0' }
  return { status, headers: { ...length, ...headers }, body: once(new Uint8Array()) }
}

/** A response with a JSON body, `application/json` unless `headers` say otherwise. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const bytes = encodeText(JSON.stringify(value))
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.byteLength), ...headers },
    body: once(bytes),
  }
}

/** The answer to a refused request. @see OCI distribution-spec v1.1.1, "Error Codes" */
export function refusalResponse(refusal: Refusal): HttpResponse {
  const { status, specCode, message, detail, headers } = refusal
  const error = { code: specCode, message, ...(detail === undefined ? {} : { detail }) }
  return jsonResponse(status, { errors: [error] }, headers)
}

/** The response to `request`: that of a HEAD keeps its headers and has no body. */
export async function forMethod(request: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
  if (request.method !== 'HEAD') return response
  await response.body[Symbol.asyncIterator]().return?.()
  return { ...response, body: once(new Uint8Array()) }
}
