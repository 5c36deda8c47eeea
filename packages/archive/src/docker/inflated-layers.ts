import type { AbortOptions } from '@drayage/bytes'
import type { Inflater } from '@drayage/compression'
import type { Fetcher } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError, type DiffId } from '@drayage/digest'
import { type Descriptor, layerCompression } from '@drayage/manifest'

import type { ArchiveLayer } from './layer-member.ts'

/** Bytes of the uncompressed size at the end of a gzip member. @see RFC 1952, section 2.3.1, "ISIZE" */
const TRAILER_BYTES = 4

/** A layer of an image as it is stored, compressed in any way or not at all. */
export interface StoredLayer {
  readonly descriptor: Descriptor
  readonly diffId: DiffId
}

/**
 * The layers of an image for a docker-archive: each is fetched and inflated when the archive wants it, and verified on the
 * way. Their sizes are guessed from the ends of gzip layers where the source can begin there.
 *
 * @param source need not verify what it gives
 */
export async function inflatedLayers(
  inflater: Inflater,
  source: Fetcher,
  layers: readonly StoredLayer[],
  { signal }: AbortOptions = {},
): Promise<ArchiveLayer[]> {
  return await Promise.all(
    layers.map(async ({ descriptor, diffId }): Promise<ArchiveLayer> => {
      const sizeHint = await gzipSizeHint(source, descriptor, { signal })
      return { ...inflatedLayer(inflater, source, { descriptor, diffId }), sizeHint }
    }),
  )
}

/** One layer as of {@link inflatedLayers}, of unknown size. */
export function inflatedLayer(inflater: Inflater, source: Fetcher, { descriptor, diffId }: StoredLayer): ArchiveLayer {
  return {
    diffId,
    isVerified: true,
    async *open({ signal }) {
      const stored = source.fetch(descriptor, { signal })
      const { stream, result } = inflater.inflate(stored, { signal, algorithm: digestAlgorithm(diffId) })
      yield* stream
      const { digest } = await result
      if (digest !== (diffId as string)) throw new DigestMismatchError(digest, diffId)
    },
  }
}

/**
 * What a gzip layer says at its end about its uncompressed size, which is right for a single member below 4 GiB;
 * `undefined` where it cannot be right or cannot be read without the rest.
 */
async function gzipSizeHint(source: Fetcher, layer: Descriptor, { signal }: AbortOptions): Promise<number | undefined> {
  if (layerCompression(layer.mediaType) !== 'gzip' || layer.size < TRAILER_BYTES) return undefined
  const trailer: number[] = []
  try {
    const range = { offset: layer.size - TRAILER_BYTES, verify: false, mustSeek: true, signal }
    for await (const chunk of source.fetch(layer, range)) trailer.push(...chunk.subarray(0, TRAILER_BYTES))
  } catch {
    signal?.throwIfAborted()
    // Fetching the layer itself retries, and fails with better words.
    return undefined
  }
  if (trailer.length !== TRAILER_BYTES) return undefined
  const size = new DataView(Uint8Array.from(trailer).buffer).getUint32(0, true)
  return size < layer.size ? undefined : size
}
