import type { ByteStream } from './byte-stream.ts'

/** A stream of the given chunks, in order; text is encoded as UTF-8. */
export async function* fromBytes(...chunks: readonly (Uint8Array | string)[]): ByteStream {
  for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
}
