import { abortable } from './abortable.ts'
import type { AbortOptions, ByteStream } from './byte-stream.ts'
import { concat } from './concat.ts'
import { limit } from './limit.ts'

/** Options of {@link collect}. */
export interface CollectOptions extends AbortOptions {
  /** The most bytes to keep in memory. */
  readonly maxBytes: number
}

/**
 * Reads a whole stream into memory, up to `maxBytes`.
 *
 * @throws ByteLimitError `ERR_BYTE_LIMIT` when there are more
 */
export async function collect(source: ByteStream, options: CollectOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limit(abortable(source, options), options.maxBytes)) chunks.push(chunk)
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concat(chunks)
}
