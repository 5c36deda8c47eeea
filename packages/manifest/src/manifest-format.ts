import { MEDIA_TYPES, type LayerCompression } from './media-types.ts'

/** Whose media types and members a manifest has: the OCI's, or those of Docker schema 2. */
export type ManifestFormat = 'oci' | 'v2s2'

interface FormatTypes {
  readonly manifest: string
  readonly index: string
  readonly config: string
  readonly layer: Readonly<Partial<Record<LayerCompression, string>>>
  readonly foreignLayer: Readonly<Partial<Record<LayerCompression, string>>>
}

/** The media types of each format. The zstd type of Docker is nobody's: no reader of schema 2 knows it. */
export const FORMAT_TYPES: Readonly<Record<ManifestFormat, FormatTypes>> = {
  oci: {
    manifest: MEDIA_TYPES.ociManifest,
    index: MEDIA_TYPES.ociIndex,
    config: MEDIA_TYPES.ociConfig,
    layer: { none: MEDIA_TYPES.ociLayer, gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd },
    foreignLayer: {
      none: MEDIA_TYPES.ociForeignLayer,
      gzip: MEDIA_TYPES.ociForeignLayerGzip,
      zstd: MEDIA_TYPES.ociForeignLayerZstd,
    },
  },
  v2s2: {
    manifest: MEDIA_TYPES.dockerManifest,
    index: MEDIA_TYPES.dockerIndex,
    config: MEDIA_TYPES.dockerConfig,
    layer: { none: MEDIA_TYPES.dockerLayer, gzip: MEDIA_TYPES.dockerLayerGzip },
    foreignLayer: { gzip: MEDIA_TYPES.dockerForeignLayer },
  },
}

/** The format of an image manifest or index of this media type; `undefined` for any other media type. */
export function manifestFormat(mediaType: string): ManifestFormat | undefined {
  if (mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.ociIndex) return 'oci'
  return mediaType === MEDIA_TYPES.dockerManifest || mediaType === MEDIA_TYPES.dockerIndex ? 'v2s2' : undefined
}
