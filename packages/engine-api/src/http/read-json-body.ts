import { collect } from '@drayage/bytes'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'

/** The most bytes of a JSON body: 4 MiB. */
export const MAX_JSON_BODY_BYTES: number = 4 * 1_048_576

/**
 * Reads the JSON body of a request, `undefined` if it has none. The content type is ignored, since clients send several.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 413 or 400
 */
export async function readJsonBody({ request }: Exchange): Promise<unknown> {
  const { body, headers, signal } = request
  if (body === undefined) return undefined
  if (Number(headers['content-length'] ?? 0) > MAX_JSON_BODY_BYTES) throw tooLarge()
  let bytes: Uint8Array
  try {
    bytes = await collect(body, { maxBytes: MAX_JSON_BODY_BYTES, signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BYTE_LIMIT') throw tooLarge(error)
    throw error
  }
  if (bytes.byteLength === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new EngineRequestError(400, 'invalid JSON in the body of the request', { cause: error })
  }
}

function tooLarge(cause?: unknown): EngineRequestError {
  return new EngineRequestError(413, `request body too large: the limit is ${MAX_JSON_BODY_BYTES} bytes`, { cause })
}
