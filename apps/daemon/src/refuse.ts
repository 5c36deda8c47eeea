import { encodeText, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

/** An answer in the form of the Engine API's errors. */
export function refuse(status: number, message: string): HttpResponse {
  return answer(status, 'application/json', `${JSON.stringify({ message })}\n`)
}

/** An answer of text. */
export function answer(status: number, contentType: string, text: string): HttpResponse {
  const bytes = encodeText(text)
  return {
    status,
    headers: { 'content-type': contentType, 'content-length': String(bytes.byteLength) },
    body: once(bytes),
  }
}

async function* once(bytes: Uint8Array): ByteStream {
  yield bytes
}
