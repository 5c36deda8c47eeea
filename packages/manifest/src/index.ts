/**
 * Codecs for OCI and Docker manifests, indexes and image configs; platforms and their matching.
 *
 * @packageDocumentation
 */
export type { Converted } from './convert-manifest.ts'
export type { ConfigClass } from './config-class.ts'
export type { ContainerConfig, HistoryEntry, ImageConfig, RootFs } from './image-config.ts'
export type { DecodedImageConfig, DecodeImageConfigOptions } from './decode-image-config.ts'
export type {
  DecodedImageManifest,
  DecodedIndex,
  DecodedManifest,
  DecodedSchema1,
  DecodeManifestOptions,
} from './decode-manifest.ts'
export type { Descriptor } from './descriptor.ts'
export type { EncodedSchema1, Schema1Names } from './encode-schema1.ts'
export type { ImageIndex } from './image-index.ts'
export type { ImageManifest } from './image-manifest.ts'
export type { LayerCompression, ManifestKind } from './media-types.ts'
export type { ManifestFormat } from './manifest-format.ts'
export type { ManifestError, ManifestErrorCode } from './errors.ts'
export type { ParsePlatformOptions } from './parse-platform.ts'
export type { Platform } from './platform.ts'
export type { Schema1Manifest, Schema1Signature } from './schema1.ts'

export { checkLayerCount } from './layer-count.ts'
export { children } from './children.ts'
export { configClass, platformOf, requireImageConfig } from './config-class.ts'
export { convertIndex } from './convert-index.ts'
export { convertManifest } from './convert-manifest.ts'
export { decodeImageConfig, requireRootFs } from './decode-image-config.ts'
export { decodeManifest } from './decode-manifest.ts'
export { encodeImageConfig, encodeManifest } from './encode.ts'
export { encodeSchema1 } from './encode-schema1.ts'
export {
  AmbiguousManifestError,
  ImageConfigSyntaxError,
  isManifestError,
  LayerCountError,
  ManifestConversionError,
  ManifestSyntaxError,
  ManifestTooLargeError,
  PlatformSyntaxError,
  UnsupportedConfigError,
  UnsupportedManifestError,
} from './errors.ts'
export {
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  MANIFEST_ACCEPT,
  manifestKind,
  MEDIA_TYPES,
} from './media-types.ts'
export { manifestFormat } from './manifest-format.ts'
export { matchesPlatform } from './match-platform.ts'
export { MAX_HISTORY, MAX_LAYERS, MAX_MANIFEST_BYTES, MAX_MANIFESTS, MAX_RUNNABLE_LAYERS } from './limits.ts'
export { normalizePlatform } from './normalize-platform.ts'
export { formatPlatform, parsePlatform } from './parse-platform.ts'
export { availablePlatforms, selectManifests } from './select-manifests.ts'
export { recompressedLayer } from './recompressed-layer.ts'
export { SCHEMA1_EMPTY_LAYER, schema1EmptyLayer } from './schema1-empty-layer.ts'
export { signSchema1 } from './sign-schema1.ts'
export { referrerDescriptor, referrersTag, subjectOf } from './subject.ts'
