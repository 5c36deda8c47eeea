import { type AbortOptions, type ByteStream, quote } from '@drayage/bytes'
import { decompress, DETECT_BYTES, detectCompression, isRare } from '@drayage/compression'
import {
  type ChainId,
  chainIds,
  type Digest,
  digestAlgorithm,
  digestOf,
  DigestMismatchError,
  type DiffId,
  type ImageId,
  parseDiffId,
  parseDigest,
  parseImageId,
  tryParseDigest,
} from '@drayage/digest'
import {
  decodeImageConfig,
  type Descriptor,
  encodeManifest,
  decodeManifest,
  layerCompression,
  type LayerCompression,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  OCI_LAYER_TYPES,
  requireRootFs,
} from '@drayage/manifest'

import { type ArchiveFile, type ArchiveFiles, readArchiveFile } from '../tar/archive-files.ts'
import type { DockerArchiveBlobs } from './docker-archive-blobs.ts'
import type { DockerArchiveItem } from './docker-archive-manifest.ts'
import type { OriginalManifests } from './docker-archive-originals.ts'
import { readLegacyJson } from './docker-archive-legacy.ts'
import { ArchiveFormatError } from '../errors.ts'
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

/** Options of {@link readDockerArchiveImage}. */
export interface ReadDockerImageOptions extends AbortOptions {
  /**
   * Finds a layer that the archive leaves out where the image is loaded to, as it is stored there. Tools that write an
   * archive again and again leave out what an earlier one had.
   */
  readonly findLayer?: ((layer: ChainId) => Promise<Descriptor | undefined>) | undefined
}

/** What is known of an image before its files are looked at. */
export interface DockerArchiveImageParts {
  readonly files: ArchiveFiles
  readonly blobs: DockerArchiveBlobs
  readonly item: DockerArchiveItem
  readonly repoTags: readonly string[]
  readonly originals: OriginalManifests | undefined
}

/** Reads the config of an image and finds its layers. */
export async function readDockerArchiveImage(
  { files, blobs, item, repoTags, originals }: DockerArchiveImageParts,
  { signal, findLayer }: ReadDockerImageOptions,
): Promise<DockerArchiveImage> {
  const bytes = await readConfig(files, blobs, item, { signal })
  const config = decodeImageConfig(bytes, { anyCase: true })
  const diffIds = requireRootFs(config.value).diff_ids
  if (diffIds.length !== item.layers.length) {
    const found = `invalid manifest, layers length mismatch: expected ${item.layers.length}, got ${diffIds.length}`
    throw new ArchiveFormatError('content', found)
  }
  // All layers are found before any is read.
  const found: (ArchiveFile | Descriptor)[] = []
  for (const [at, chainId] of chainIds(diffIds).entries()) {
    const name = item.layers[at] ?? ''
    const layer = layerFile(files, name, diffIds[at]) ?? (await findLayer?.(chainId))
    if (layer === undefined) throw new ArchiveFormatError('missing', `it lacks the file ${quote(name)}`, LOAD_BELOW)
    found.push(layer)
  }
  const layers: DockerArchiveLayer[] = []
  for (const [at, diffId] of diffIds.entries()) {
    const layer = found[at]
    if (layer === undefined) continue
    layers.push('digest' in layer ? keptLayer(layer, diffId) : await readLayer(layer, diffId, blobs, { signal }))
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

const LOAD_BELOW = {
  hint: 'If the archive leaves out layers of an earlier image, load that one first; a load takes them from the store.',
} as const

/** The file of a layer; none where the archive leaves it out, or has an empty file in its place. */
function layerFile(files: ArchiveFiles, name: string, diffId: DiffId | undefined): ArchiveFile | undefined {
  const file = files.find(name)
  if (file === undefined || diffId === undefined || file.size > 0) return file
  return digestOf('', digestAlgorithm(diffId)) === (diffId as string) ? file : undefined
}

/** A layer that is where the image goes. */
function keptLayer({ mediaType, digest, size }: Descriptor, diffId: DiffId): DockerArchiveLayer {
  const compression = layerCompression(mediaType) ?? 'none'
  return {
    diffId,
    descriptor: { mediaType: OCI_LAYER_TYPES[compression], digest, size },
    compression,
    open() {
      throw new ArchiveFormatError('missing', `it lacks the layer ${diffId}`, LOAD_BELOW)
    },
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
  for (const name of layers) {
    diffIds.push(parseDiffId((await blobs.inflatedOf(files.require(name), 'sha256', { signal })).digest))
  }
  return legacyConfig(values, diffIds)
}

async function readLayer(
  file: ArchiveFile,
  diffId: DiffId,
  blobs: DockerArchiveBlobs,
  { signal }: AbortOptions,
): Promise<DockerArchiveLayer> {
  const compression = detectCompression(await file.prefix(DETECT_BYTES))
  if (isRare(compression)) return await inflatedLayer(file, diffId, blobs, { signal })
  const digest: Digest = compression === 'none' ? parseDigest(diffId) : await blobs.digestOf(file, { signal })
  blobs.addFile(digest, file)
  return {
    diffId,
    descriptor: { mediaType: OCI_LAYER_TYPES[compression], digest, size: file.size },
    compression,
    open: (options = {}) => file.open({ signal: options.signal }),
  }
}

/** A layer in a compression that images have no media type for, as its tar, whose size takes one reading. */
async function inflatedLayer(
  file: ArchiveFile,
  diffId: DiffId,
  blobs: DockerArchiveBlobs,
  { signal }: AbortOptions,
): Promise<DockerArchiveLayer> {
  const { digest, size } = await blobs.inflatedOf(file, digestAlgorithm(diffId), { signal })
  if (digest !== (diffId as string)) throw new DigestMismatchError(digest, diffId)
  const open = (options: AbortOptions = {}): ByteStream => decompress(file.open(options), options)
  blobs.addInflated(digest, size, open)
  return { diffId, descriptor: { mediaType: OCI_LAYER_TYPES.none, digest, size }, compression: 'none', open }
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
