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

/** Yields what `source` yields after its first `count` bytes. A shorter source yields nothing. */
export async function* skip(source: ByteStream, count: number): ByteStream {
  let left = count
  for await (const chunk of source) {
    if (left >= chunk.byteLength) {
      left -= chunk.byteLength
      continue
    }
    yield left === 0 ? chunk : chunk.subarray(left)
    left = 0
  }
}

/**
 * Yields what `source` yields and calls `onBytes` with the running total before each chunk. A consumer that stops closes
 * `source`, even before it has read anything, which an `async function*` around a stream does not do.
 */
export function observe(source: ByteStream, onBytes: (totalBytes: number, chunk: Uint8Array) => void): ByteStream {
  const iterator = source[Symbol.asyncIterator]()
  const close = async (): Promise<void> => void (await iterator.return?.())
  let total = 0
  const observed: AsyncIterator<Uint8Array> = {
    async next() {
      const step = await iterator.next()
      if (step.done === true) return step
      try {
        total += step.value.byteLength
        onBytes(total, step.value)
      } catch (error) {
        await close()
        throw error
      }
      return step
    },
    async return() {
      await close()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => observed }
}

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
