import type { Digest } from '@drayage/digest'

import type { Descriptor } from '../descriptor.ts'
import { OCI_LAYER_TYPES, type LayerCompression } from '../media-types.ts'

/** Prefixes of annotations that describe the compressed bytes, such as tables of contents for partial reads. */
const OF_BYTES: readonly string[] = ['containerd.io/snapshot/stargz/', 'io.containers.', 'io.github.containers.zstd-']

/**
 * The descriptor of a layer after its compression has changed, with the OCI media type. Members about the former bytes are
 * dropped: URLs, inline data, and the annotations of estargz and zstd:chunked.
 */
export function recompressedLayer(
  layer: Descriptor,
  blob: { readonly digest: Digest; readonly size: number },
  compression: LayerCompression,
): Descriptor {
  const { urls: _urls, data: _data, annotations = {}, ...rest } = layer
  const kept = Object.entries(annotations).filter(([key]) => !OF_BYTES.some((prefix) => key.startsWith(prefix)))
  return {
    ...rest,
    mediaType: OCI_LAYER_TYPES[compression],
    digest: blob.digest,
    size: blob.size,
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  }
}
