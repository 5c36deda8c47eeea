import type { ByteStream } from '@drayage/bytes'

import { CompressionLimitError } from '../errors.ts'

/**
 * Yields what `source` yields and throws before the chunk that goes beyond `maxBytes`.
 *
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
 */
export async function* guardOutput(source: ByteStream, maxBytes: number): ByteStream {
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    if (total > maxBytes) throw new CompressionLimitError('maxBytes', maxBytes, 'it holds more bytes')
    yield chunk
  }
}
