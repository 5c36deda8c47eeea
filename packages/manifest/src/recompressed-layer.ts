import type { Digest } from '@drayage/digest'

import type { Descriptor } from './descriptor.ts'
import { MEDIA_TYPES, type LayerCompression } from './media-types.ts'

/** Annotations that describe the compressed bytes: tables of contents of layers that can be read in parts. */
const OF_BYTES: readonly string[] = ['containerd.io/snapshot/stargz/', 'io.containers.', 'io.github.containers.zstd-']

const TYPES: Readonly<Record<LayerCompression, string>> = {
  none: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
}

/**
 * The descriptor of a layer after its compression has changed, with the type that OCI has for it. What is said of the
 * former bytes goes: URLs, inline data, and annotations of estargz and zstd:chunked.
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
    mediaType: TYPES[compression],
    digest: blob.digest,
    size: blob.size,
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  }
}
