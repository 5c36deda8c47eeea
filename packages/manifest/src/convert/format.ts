import type { Descriptor } from '../descriptor.ts'
import { type LayerCompression, MEDIA_TYPES, OCI_LAYER_TYPES } from '../media-types.ts'

/** Whose media types and members a manifest uses: OCI, or Docker schema 2. */
export type ManifestFormat = 'oci' | 'v2s2'

interface FormatTypes {
  readonly manifest: string
  readonly index: string
  readonly config: string
  readonly layer: Readonly<Partial<Record<LayerCompression, string>>>
  readonly foreignLayer: Readonly<Partial<Record<LayerCompression, string>>>
}

/** The media types of each format. Docker's zstd type is left out: no reader of schema 2 knows it. */
export const FORMAT_TYPES: Readonly<Record<ManifestFormat, FormatTypes>> = {
  oci: {
    manifest: MEDIA_TYPES.ociManifest,
    index: MEDIA_TYPES.ociIndex,
    config: MEDIA_TYPES.ociConfig,
    layer: OCI_LAYER_TYPES,
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

/** A manifest in another format. */
export interface Converted<T> {
  readonly value: T
  /** The members that the format has no place for, such as `annotations` or `layers[0].annotations`; empty for OCI. */
  readonly dropped: readonly string[]
}

const MEMBERS: readonly string[] = ['mediaType', 'digest', 'size', 'urls', 'platform']

/** A descriptor reduced to the members that Docker schema 2 defines. */
export function keepDockerMembers(descriptor: Descriptor, path: string): Converted<Descriptor> {
  const { mediaType, digest, size, urls, platform } = descriptor
  return {
    value: {
      mediaType,
      digest,
      size,
      ...(urls !== undefined && { urls }),
      ...(platform !== undefined && { platform }),
    },
    dropped: Object.keys(descriptor)
      .filter((member) => !MEMBERS.includes(member))
      .map((member) => `${path}.${member}`),
  }
}
