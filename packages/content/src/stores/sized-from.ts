import type { ByteStream } from '@drayage/bytes'
import { LongContentError, ShortContentError } from '@drayage/digest'

/**
 * Yields what `source` yields, the bytes of content from `offset` on, and checks that the content ends at `size`. Bytes
 * past it are never yielded.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws RangeError when `offset` is not an integer from 0 to `size`
 */
export async function* sizedFrom(source: ByteStream, size: number, offset: number): ByteStream {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
    throw new RangeError(`Cannot fetch from offset ${offset}: expected an integer from 0 to ${size}`)
  }
  let end = offset
  for await (const chunk of source) {
    end += chunk.byteLength
    if (end > size) throw new LongContentError(size)
    yield chunk
  }
  if (end < size) throw new ShortContentError(end, size)
}
