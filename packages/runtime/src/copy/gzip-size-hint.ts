import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { layerCompression, type Descriptor } from '@drayage/manifest'

/** Bytes of the uncompressed size at the end of a gzip member. @see RFC 1952, section 2.3.1, "ISIZE" */
const TRAILER_BYTES = 4

/**
 * What a gzip layer says at its end about its uncompressed size, which is right for a single member below 4 GiB;
 * `undefined` where it cannot be right or cannot be read without the rest.
 */
export async function gzipSizeHint(
  source: Fetcher,
  layer: Descriptor,
  options: AbortOptions = {},
): Promise<number | undefined> {
  if (layerCompression(layer.mediaType) !== 'gzip' || layer.size < TRAILER_BYTES) return undefined
  const trailer: number[] = []
  try {
    const range = { offset: layer.size - TRAILER_BYTES, verify: false, mustSeek: true, signal: options.signal }
    for await (const chunk of source.fetch(layer, range)) trailer.push(...chunk.subarray(0, TRAILER_BYTES))
  } catch {
    options.signal?.throwIfAborted()
    // The layer itself is fetched with retries and fails with better words.
    return undefined
  }
  if (trailer.length !== TRAILER_BYTES) return undefined
  const size = new DataView(Uint8Array.from(trailer).buffer).getUint32(0, true)
  return size < layer.size ? undefined : size
}
