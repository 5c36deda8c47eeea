import type { ByteStream } from './byte-stream.ts'
import { ByteLimitError } from './errors.ts'

/**
 * Yields what `source` yields and throws once it holds more than `maxBytes` bytes; the chunk that crosses the limit is
 * not yielded.
 *
 * @throws ByteLimitError `ERR_BYTE_LIMIT`
 */
export async function* limit(source: ByteStream, maxBytes: number): ByteStream {
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    if (total > maxBytes) throw new ByteLimitError(maxBytes)
    yield chunk
  }
}
