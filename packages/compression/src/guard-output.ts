import type { ByteStream } from '@drayage/bytes'

import { CompressionLimitError } from './errors.ts'

/** What {@link guardOutput} enforces. */
export interface OutputLimits {
  readonly maxBytes: number
  readonly maxRatio: number
  readonly ratioFreeBytes: number
  /** Bytes of compressed input so far. */
  readonly inputBytes: () => number
}

/**
 * Yields what `source` yields and throws before the chunk that crosses a limit.
 *
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
 */
export async function* guardOutput(source: ByteStream, limits: OutputLimits): ByteStream {
  const { maxBytes, maxRatio, ratioFreeBytes } = limits
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    if (total > maxBytes) throw new CompressionLimitError('maxBytes', maxBytes, 'it holds more bytes')
    if (total > ratioFreeBytes && total > maxRatio * limits.inputBytes()) {
      throw new CompressionLimitError('maxRatio', maxRatio, `${limits.inputBytes()} bytes inflate to ${total} and more`)
    }
    yield chunk
  }
}
