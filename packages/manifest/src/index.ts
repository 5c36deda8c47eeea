/**
 * Codecs for OCI and Docker manifests, indexes and image configs; platforms and their matching.
 *
 * @packageDocumentation
 */
export type { ConfigClass } from './config/image-checks.ts'
export type { ContainerConfig, HistoryEntry, ImageConfig, RootFs } from './config/image-config.ts'
export type { Converted, ManifestFormat } from './convert/format.ts'
export type { DecodedImageConfig, DecodeImageConfigOptions } from './config/decode-image-config.ts'
export type {
  DecodedImageManifest,
  DecodedIndex,
  DecodedManifest,
  DecodedSchema1,
  DecodeManifestOptions,
} from './manifests/decode-manifest.ts'
export type { Descriptor } from './descriptor.ts'
export type { EncodedSchema1, Schema1Names } from './schema1/encode-schema1.ts'
export type { ImageIndex } from './manifests/image-index.ts'
export type { ImageManifest } from './manifests/image-manifest.ts'
export type { LayerCompression, ManifestKind } from './media-types.ts'
export type { ManifestError, ManifestErrorCode } from './errors.ts'
export type { ParsePlatformOptions } from './platform/parse-platform.ts'
export type { Platform } from './platform/platform.ts'
export type { Schema1Manifest, Schema1Signature } from './schema1/schema1.ts'

export { attestedBy } from './descriptor.ts'
export { decodeImageConfig, requireRootFs } from './config/decode-image-config.ts'
export {
  checkLayerCount,
  configClass,
  isImageManifest,
  platformOf,
  requireImageConfig,
  requireImageLayers,
} from './config/image-checks.ts'
export { convertIndex } from './convert/convert-index.ts'
export { convertManifest } from './convert/convert-manifest.ts'
export { manifestFormat } from './convert/format.ts'
export { recompressedLayer } from './convert/recompressed-layer.ts'
export {
  AmbiguousManifestError,
  ImageConfigSyntaxError,
  isManifestError,
  LayerCountError,
  ManifestConversionError,
  ManifestSyntaxError,
  ManifestTooLargeError,
  PlatformSyntaxError,
  Schema1Error,
  UnsupportedConfigError,
  UnsupportedLayerError,
  UnsupportedManifestError,
} from './errors.ts'
export { MAX_HISTORY, MAX_LAYERS, MAX_MANIFEST_BYTES, MAX_MANIFESTS, MAX_RUNNABLE_LAYERS } from './limits.ts'
export { decodeManifest } from './manifests/decode-manifest.ts'
export { encodeImageConfig, encodeManifest } from './manifests/encode.ts'
export { children, isForeignLayer, referrerDescriptor, referrersTag, subjectOf } from './manifests/relations.ts'
export {
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  isVagueType,
  layerCompression,
  MANIFEST_ACCEPT,
  manifestKind,
  MEDIA_TYPES,
  OCI_LAYER_TYPES,
} from './media-types.ts'
export { createPlatformRank, matchesPlatform } from './platform/match-platform.ts'
export { formatPlatform, parsePlatform } from './platform/parse-platform.ts'
export { normalizePlatform } from './platform/platform.ts'
export { availablePlatforms, selectManifests } from './platform/select-manifests.ts'
export { SCHEMA1_EMPTY_LAYER, schema1EmptyLayer } from './schema1/empty-layer.ts'
export { encodeSchema1 } from './schema1/encode-schema1.ts'
export { schema1Payload } from './schema1/payload.ts'
export { schema1Image, type Schema1Image } from './schema1/schema1-image.ts'
export { signedBytesOf, withSignedBytes } from './schema1/signed-bytes.ts'
export { signSchema1 } from './schema1/sign-schema1.ts'
