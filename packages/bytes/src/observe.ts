import type { ByteStream } from './byte-stream.ts'

/** Yields what `source` yields and calls `onBytes` with the running total before each chunk is passed on. */
export async function* observe(
  source: ByteStream,
  onBytes: (totalBytes: number, chunk: Uint8Array) => void,
): ByteStream {
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    onBytes(total, chunk)
    yield chunk
  }
}
