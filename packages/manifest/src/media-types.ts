/**
 * The media types of manifests, configs and layers that Drayage knows, by short name.
 *
 * @see OCI image-spec v1.1.1, media-types.md; Docker Image Manifest V 2, Schema 2, "Media Types"
 */
export const MEDIA_TYPES = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerPluginConfig: 'application/vnd.docker.plugin.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  schema1: 'application/vnd.docker.distribution.manifest.v1+json',
  schema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const

/** The manifest types to ask a registry for, best first; joined by `, ` they are the value of an `Accept` header. */
export const MANIFEST_ACCEPT: readonly string[] = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerIndex,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.schema1Signed,
  MEDIA_TYPES.schema1,
]

/** How a layer's tar is compressed. */
export type LayerCompression = 'none' | 'gzip' | 'zstd'

/** What a manifest media type stands for. */
export type ManifestKind = 'image' | 'index' | 'schema1'

const KINDS: ReadonlyMap<string, ManifestKind> = new Map<string, ManifestKind>([
  [MEDIA_TYPES.ociManifest, 'image'],
  [MEDIA_TYPES.dockerManifest, 'image'],
  [MEDIA_TYPES.ociIndex, 'index'],
  [MEDIA_TYPES.dockerIndex, 'index'],
  [MEDIA_TYPES.schema1, 'schema1'],
  [MEDIA_TYPES.schema1Signed, 'schema1'],
])

const LAYERS: ReadonlyMap<string, LayerCompression> = new Map<string, LayerCompression>([
  [MEDIA_TYPES.ociLayer, 'none'],
  [MEDIA_TYPES.ociLayerGzip, 'gzip'],
  [MEDIA_TYPES.ociLayerZstd, 'zstd'],
  [MEDIA_TYPES.ociForeignLayer, 'none'],
  [MEDIA_TYPES.ociForeignLayerGzip, 'gzip'],
  [MEDIA_TYPES.ociForeignLayerZstd, 'zstd'],
  [MEDIA_TYPES.dockerLayer, 'none'],
  [MEDIA_TYPES.dockerLayerGzip, 'gzip'],
  [MEDIA_TYPES.dockerLayerZstd, 'zstd'],
  [MEDIA_TYPES.dockerForeignLayer, 'gzip'],
])

/** The OCI type of a layer by its compression, for what writes layers. */
export const OCI_LAYER_TYPES: Readonly<Record<LayerCompression, string>> = {
  none: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
}

/** Types that servers give to any content, and that therefore say nothing about it. */
const VAGUE_TYPES: readonly string[] = ['', 'application/json', 'application/octet-stream', 'text/plain']

/** What a manifest of this media type is; `undefined` for any other media type. */
export function manifestKind(mediaType: string): ManifestKind | undefined {
  return KINDS.get(mediaType)
}

/** Tells whether this is the type of a manifest of any kind: image, index or schema 1. */
export function isManifestType(mediaType: string): boolean {
  return KINDS.has(mediaType)
}

/** Tells whether this is the type of an OCI index or a Docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return KINDS.get(mediaType) === 'index'
}

/** Tells whether this is the type of a file-system layer. */
export function isLayerType(mediaType: string): boolean {
  return LAYERS.has(mediaType)
}

/** Tells whether this is the type of a layer that must not be redistributed. */
export function isForeignLayerType(mediaType: string): boolean {
  return isLayerType(mediaType) && (mediaType.includes('.nondistributable.') || mediaType.includes('.foreign.'))
}

/** How a layer of this media type is compressed; `undefined` when it is not a layer type. */
export function layerCompression(mediaType: string): LayerCompression | undefined {
  return LAYERS.get(mediaType)
}

/** Tells whether this type, without parameters and in lower case, says nothing about what the content is. */
export function isVagueType(mediaType: string): boolean {
  return VAGUE_TYPES.includes(mediaType)
}
