import type { AbortOptions } from '@drayage/bytes'
import { type Fetcher, readBlob } from '@drayage/content'
import type { Digest, DiffId } from '@drayage/digest'
import {
  checkLayerCount,
  configClass,
  decodeImageConfig,
  decodeManifest,
  type DecodedImageManifest,
  type Descriptor,
  layerCompression,
  MAX_MANIFEST_BYTES,
} from '@drayage/manifest'
import { parseReference } from '@drayage/reference'

import type { ArchiveOutput } from './archive-output.ts'
import { createDockerArchiveIndex, type IndexedImage, repoTag } from './docker-archive-index.ts'
import { ArchiveImageError } from './errors.ts'
import { type ArchiveLayer, layerMember, layerName } from './layer-member.ts'
import { legacyLayers } from './legacy-layers.ts'
import type { Member } from './members.ts'
import { namedRoots } from './named-roots.ts'
import { type WriteArchiveOptions, writeMembers } from './write-members.ts'
import { blobName, layoutMembers } from './write-oci-archive.ts'

/** An image on its way into an archive for readers of both kinds. */
export interface DockerOciArchiveImage {
  /** What its names stand for: its manifest, or an index that leads to it. */
  readonly what: Descriptor
  /** Its manifest, which `manifest.json` tells of. */
  readonly manifest: Descriptor
  /** Names with a tag, familiar or full. */
  readonly repoTags: readonly string[]
  /** Opens the uncompressed tar of a layer; called for those that are compressed with zstd. */
  tar(diffId: DiffId, position: number): Promise<ArchiveLayer>
}

/**
 * Writes images in the present format of `docker save`: an OCI image layout with every manifest, config and layer as it
 * came, and `manifest.json`, `repositories` and the directories of older readers, which lead to the same blobs. A layer
 * that is compressed with zstd, which readers before OCI do not know, is there a second time, uncompressed. Equal images
 * in equal order give equal bytes. A failure gives up the whole archive.
 *
 * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` for no images, a schema 1 manifest, and a name without a tag
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the other errors of `walk`
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export async function writeDockerOciArchive(
  output: ArchiveOutput,
  source: Fetcher,
  images: readonly DockerOciArchiveImage[],
  options: WriteArchiveOptions = {},
): Promise<void> {
  await writeMembers(output, ({ signal }) => membersOf(source, images, { signal }), options)
}

async function* membersOf(
  source: Fetcher,
  images: readonly DockerOciArchiveImage[],
  { signal }: AbortOptions,
): AsyncGenerator<Member, void, void> {
  const written = new Set<Digest>()
  const contents = images.map(({ what, repoTags }) => ({
    what,
    names: repoTags.map(repoTag).map((tag) => parseReference(tag)),
  }))
  yield* layoutMembers(source, namedRoots(contents), { signal, written })
  const index = createDockerArchiveIndex()
  const held = new Set<string>()
  for (const image of images) {
    if (!written.has(image.manifest.digest)) {
      throw new ArchiveImageError(`no manifest ${image.manifest.digest}`, `one below ${image.what.digest}`)
    }
    const found = await dockerImage(source, image, { signal })
    if (found === undefined) continue
    for (const member of found.members) if (!held.has(member.name) && held.add(member.name)) yield member
    index.add(found, image.repoTags.map(repoTag))
  }
  yield* index.members()
}

/** What `manifest.json` says of an image, and the files for it; nothing for what is no image to run. */
async function dockerImage(
  source: Fetcher,
  image: DockerOciArchiveImage,
  { signal }: AbortOptions,
): Promise<(IndexedImage & { readonly members: readonly Member[] }) | undefined> {
  const decoded = decodeManifest(await readBlob(source, image.manifest, { signal }), image.manifest)
  if (decoded.kind !== 'image') throw new ArchiveImageError(`a manifest of another kind, ${decoded.kind}`, 'an image')
  if (configClass(decoded.value.config.mediaType) !== 'image') return undefined
  const { config } = decoded.value
  const bytes = await readBlob(source, config, { maxBytes: MAX_MANIFEST_BYTES, signal })
  const diffIds = checkLayerCount(decoded.value, decodeImageConfig(bytes, { digest: config.digest }).value)
  const { names, members } = await dockerLayers(image, decoded, diffIds)
  const legacy = legacyLayers(bytes, diffIds, names)
  return {
    config: config.digest,
    configName: blobName(config.digest),
    layerNames: names,
    top: legacy.top,
    members: [...members, ...legacy.members],
  }
}

async function dockerLayers(
  image: DockerOciArchiveImage,
  { value: { layers } }: DecodedImageManifest,
  diffIds: readonly DiffId[],
): Promise<{ readonly names: readonly string[]; readonly members: readonly Member[] }> {
  const members: Member[] = []
  const names: string[] = []
  for (const [position, { digest, mediaType }] of layers.entries()) {
    const diffId = diffIds[position]
    if (diffId === undefined || layerCompression(mediaType) !== 'zstd') {
      names.push(blobName(digest))
      continue
    }
    members.push(layerMember(await image.tar(diffId, position)))
    names.push(layerName(diffId))
  }
  return { names, members }
}
