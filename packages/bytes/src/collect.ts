import { abortable } from './abort.ts'
import type { AbortOptions, ByteStream } from './byte-stream.ts'
import { concat } from './arrays.ts'
import { limit } from './transforms.ts'

/** Options of {@link collect}. */
export interface CollectOptions extends AbortOptions {
  /** How many bytes to accept. */
  readonly maxBytes: number
}

/**
 * Reads a whole stream into memory, up to `maxBytes`.
 *
 * @throws ByteLimitError `ERR_BYTE_LIMIT` for a longer stream
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { collect, decodeText, fromBytes } from '@drayage/bytes'
 *
 * const bytes = await collect(fromBytes('short ', 'haul'), { maxBytes: 1024 })
 * assert.equal(decodeText(bytes), 'short haul')
 * ```
 */
export async function collect(source: ByteStream, options: CollectOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limit(abortable(source, options), options.maxBytes)) chunks.push(chunk)
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concat(chunks)
}
