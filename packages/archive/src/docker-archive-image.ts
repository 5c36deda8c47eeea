import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { type Compression, DETECT_BYTES, detectCompression, UnsupportedCompressionError } from '@drayage/compression'
import { type Digest, type DiffId, type ImageId, parseDigest, parseImageId, tryParseDigest } from '@drayage/digest'
import {
  decodeImageConfig,
  type Descriptor,
  encodeManifest,
  decodeManifest,
  type LayerCompression,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  requireRootFs,
} from '@drayage/manifest'

import { type ArchiveFile, type ArchiveFiles, readArchiveFile } from './archive-files.ts'
import type { DockerArchiveBlobs } from './docker-archive-blobs.ts'
import type { DockerArchiveItem } from './docker-archive-manifest.ts'
import type { OriginalManifests } from './docker-archive-originals.ts'
import { readLegacyJson } from './docker-archive-legacy.ts'
import { ArchiveFormatError } from './errors.ts'
import { legacyConfig, type LegacyJson } from './legacy-config.ts'

/** A layer in a docker-archive. */
export interface DockerArchiveLayer {
  /** As the config says; it is up to the reader to check it. */
  readonly diffId: DiffId
  /** Of the stored bytes. For an uncompressed layer its digest is the DiffID. */
  readonly descriptor: Descriptor
  readonly compression: LayerCompression
  /** Opens the stored bytes, which are not verified. */
  open(options?: AbortOptions): ByteStream
}

/** An image in a docker-archive. */
export interface DockerArchiveImage {
  /** The digest of the config. */
  readonly imageId: ImageId
  /** The bytes of the config. */
  readonly config: Uint8Array
  /** Names with a tag in familiar form. */
  readonly repoTags: readonly string[]
  /** Bottom to top. */
  readonly layers: readonly DockerArchiveLayer[]
  /** Its manifest: the original one where the archive holds it whole, else one made for it. */
  readonly manifest: Descriptor
  /** Whether the manifest is the original one. */
  readonly isOriginal: boolean
  /** The image that this one was built on, if the archive says so. */
  readonly parent?: ImageId
}

/** What is known of an image before its files are looked at. */
export interface DockerArchiveImageParts {
  readonly files: ArchiveFiles
  readonly blobs: DockerArchiveBlobs
  readonly item: DockerArchiveItem
  readonly repoTags: readonly string[]
  readonly originals: OriginalManifests | undefined
}

const LAYER_TYPES: Readonly<Record<LayerCompression, string>> = {
  none: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
}

/** Reads the config of an image and finds its layers. */
export async function readDockerArchiveImage(
  { files, blobs, item, repoTags, originals }: DockerArchiveImageParts,
  { signal }: AbortOptions,
): Promise<DockerArchiveImage> {
  const bytes = await readConfig(files, blobs, item, { signal })
  const config = decodeImageConfig(bytes)
  const diffIds = requireRootFs(config.value).diff_ids
  if (diffIds.length !== item.layers.length) {
    const found = `invalid manifest, layers length mismatch: expected ${item.layers.length}, got ${diffIds.length}`
    throw new ArchiveFormatError('content', found)
  }
  // All files are there before any is read.
  const found = item.layers.map((name) => files.require(name))
  const layers: DockerArchiveLayer[] = []
  for (const [at, diffId] of diffIds.entries()) {
    const file = found[at]
    if (file !== undefined) layers.push(await readLayer(file, diffId, blobs, { signal }))
  }
  if (item.config === undefined) blobs.addBytes(config.descriptor.digest, bytes)
  else blobs.addFile(config.descriptor.digest, files.require(item.config))
  const imageId = parseImageId(config.descriptor.digest)
  const original = originals?.ofImage(imageId)
  const parent = item.parent === undefined ? undefined : tryParseDigest(item.parent)
  return {
    imageId,
    config: bytes,
    repoTags,
    layers,
    manifest: original ?? synthesize(config.descriptor, layers, blobs),
    isOriginal: original !== undefined,
    ...(parent?.ok === true && { parent: parseImageId(parent.value) }),
  }
}

/** The config as it is, or made of what an archive from before it says of the layers. */
async function readConfig(
  files: ArchiveFiles,
  blobs: DockerArchiveBlobs,
  { config, stack = [], layers }: DockerArchiveItem,
  { signal }: AbortOptions,
): Promise<Uint8Array> {
  if (config !== undefined) {
    return await readArchiveFile(files.require(config), config, { maxBytes: MAX_MANIFEST_BYTES, signal })
  }
  const values: LegacyJson[] = []
  for (const directory of stack) values.push(await readLegacyJson(files, directory, { signal }))
  const diffIds: DiffId[] = []
  for (const name of layers) diffIds.push(await blobs.diffIdOf(files.require(name), { signal }))
  return legacyConfig(values, diffIds)
}

async function readLayer(
  file: ArchiveFile,
  diffId: DiffId,
  blobs: DockerArchiveBlobs,
  { signal }: AbortOptions,
): Promise<DockerArchiveLayer> {
  const compression = layerCompressionOf(detectCompression(await file.prefix(DETECT_BYTES)))
  const digest: Digest = compression === 'none' ? parseDigest(diffId) : await blobs.digestOf(file, { signal })
  blobs.addFile(digest, file)
  return {
    diffId,
    descriptor: { mediaType: LAYER_TYPES[compression], digest, size: file.size },
    compression,
    open: (options = {}) => file.open({ signal: options.signal }),
  }
}

function layerCompressionOf(compression: Compression): LayerCompression {
  if (compression === 'bzip2' || compression === 'xz') throw new UnsupportedCompressionError(compression)
  return compression
}

/** A manifest for an image whose own one is not in the archive; equal images give equal bytes. */
function synthesize(config: Descriptor, layers: readonly DockerArchiveLayer[], blobs: DockerArchiveBlobs): Descriptor {
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
  })
  // The same limits as for manifests from elsewhere.
  const { descriptor } = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociManifest })
  blobs.addBytes(descriptor.digest, bytes)
  return descriptor
}
