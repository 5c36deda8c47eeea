import type { ByteStream } from './byte-stream.ts'

/**
 * Regroups a stream into chunks of exactly `chunkBytes`, the last one shorter. Every chunk is a fresh array that the
 * consumer may keep or transfer.
 *
 * @throws RangeError when `chunkBytes` is not a positive integer
 */
export async function* rechunk(source: ByteStream, chunkBytes: number): ByteStream {
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes < 1) {
    throw new RangeError(`Cannot rechunk the stream: chunkBytes is ${chunkBytes}, expected a positive integer`)
  }
  let block = new Uint8Array(chunkBytes)
  let used = 0
  for await (const chunk of source) {
    let offset = 0
    while (offset < chunk.byteLength) {
      const part = chunk.subarray(offset, offset + chunkBytes - used)
      block.set(part, used)
      used += part.byteLength
      offset += part.byteLength
      if (used === chunkBytes) {
        yield block
        block = new Uint8Array(chunkBytes)
        used = 0
      }
    }
  }
  if (used > 0) yield block.subarray(0, used)
}
