import type { ByteStream } from './byte-stream.ts'

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
