import type { AbortOptions } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import { type Checker, type Fetcher, readBlob } from '@drayage/content'
import type { DiffId } from '@drayage/digest'
import {
  checkLayerCount,
  configClass,
  decodeImageConfig,
  decodeManifest,
  type DecodedImageManifest,
  type Descriptor,
  layerCompression,
  manifestKind,
  MAX_MANIFEST_BYTES,
  type Platform,
  selectManifests,
} from '@drayage/manifest'
import { familiarReference, withDefaultTag } from '@drayage/reference'

import { ArchiveImageError } from '../errors.ts'
import { blobName } from '../layout/layout-documents.ts'
import type { NamedContent } from '../layout/named-roots.ts'
import { createLayoutArchive, type OciArchiveSink, type OciArchiveSinkOptions } from '../layout/oci-archive-sink.ts'
import type { ArchiveOutput } from '../output/archive-output.ts'
import type { Member } from '../output/members.ts'
import { createDockerArchiveIndex, type IndexedImage } from './docker-archive-index.ts'
import { inflatedLayer } from './inflated-layers.ts'
import { layerMember, layerName } from './layer-member.ts'
import { legacyLayers } from './legacy-layers.ts'

/** Options of {@link createDockerOciArchiveSink}. */
export interface DockerOciArchiveSinkOptions extends OciArchiveSinkOptions {
  /** The platform whose image `manifest.json` lists of an index. */
  readonly platform: Platform
  /** The image that `manifest.json` lists of an index, where it is another than the one for `platform`. */
  readonly imageOf?: ((index: Descriptor) => Descriptor | undefined) | undefined
}

/** An archive in the present format of `docker save` as a sink. */
export interface DockerOciArchiveSink extends OciArchiveSink {
  /** Foreign layers are not left out of it. */
  readonly needsAllLayers: true
}

/**
 * Creates an archive in the present format of `docker save`: an OCI image layout with every manifest, config and layer as
 * it came, and `manifest.json`, `repositories` and the directories of older readers, which lead to the same blobs. A layer
 * that is compressed with zstd, which readers before OCI do not know, is there a second time, uncompressed.
 *
 * Images are listed with the names that `tag` gave them, and without one when they were `put`.
 *
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export function createDockerOciArchiveSink(
  output: ArchiveOutput,
  options: DockerOciArchiveSinkOptions,
): DockerOciArchiveSink {
  let inflater: Inflater | undefined
  const extras = {
    isRead: ({ mediaType }: Descriptor) =>
      manifestKind(mediaType) !== undefined ||
      configClass(mediaType) === 'image' ||
      layerCompression(mediaType) === 'zstd',
    mayRead: (firstByte: number) => FIRST_BYTES.has(firstByte),
    async *members(content: Fetcher & Checker, images: readonly NamedContent[], { signal }: AbortOptions) {
      const index = createDockerArchiveIndex()
      const held = new Set<string>()
      for (const { what, names } of images) {
        const manifest = await chooseImage(content, what, options, { signal })
        if (manifest === undefined) continue
        inflater ??= createInflater()
        const found = await listedImage(content, manifest, inflater, { signal })
        for (const member of found.members) if (!held.has(member.name) && held.add(member.name)) yield member
        index.add(
          found,
          names.map((name) => familiarReference(withDefaultTag(name))),
        )
      }
      yield* index.members()
    },
  }
  const sink = createLayoutArchive(output, options, extras)
  const endInflater = async (): Promise<void> => {
    await inflater?.[Symbol.asyncDispose]()
    inflater = undefined
  }
  return {
    ...sink,
    // What `manifest.json` lists has to be there.
    needsAllLayers: true,
    async finish(finishOptions) {
      try {
        await sink.finish(finishOptions)
      } finally {
        await endInflater()
      }
    },
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]()
      await endInflater()
    },
  }
}

/** First bytes of JSON and of zstd frames. @see RFC 8878, section 3.1 */
const FIRST_BYTES: ReadonlySet<number> = new Set([
  0x7b, 0x20, 0x09, 0x0a, 0x0d, 0x28, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, 0x5c,
  0x5d, 0x5e, 0x5f,
]) // prettier-ignore

/** The image to list for `what`: itself, or one of an index; none for what cannot be run. */
async function chooseImage(
  content: Fetcher & Checker,
  what: Descriptor,
  { platform, imageOf }: DockerOciArchiveSinkOptions,
  options: AbortOptions,
): Promise<DecodedImageManifest | undefined> {
  const decoded = decodeManifest(await readBlob(content, what, options), what)
  if (decoded.kind === 'image') return configClass(decoded.value.config.mediaType) === 'image' ? decoded : undefined
  if (decoded.kind !== 'index') return undefined
  const named = imageOf?.(what)
  if (named !== undefined && !(await content.has(named))) {
    throw new ArchiveImageError(`the manifest ${named.digest} is not among the content of ${what.digest}`)
  }
  // Of an index, only some images may have come.
  const candidates =
    named === undefined ? [...selectManifests(decoded.value, platform), ...decoded.value.manifests] : [named]
  for (const candidate of candidates) {
    if (manifestKind(candidate.mediaType) !== 'image') continue
    if (await content.has(candidate)) return await chooseImage(content, candidate, { platform }, options)
  }
  return undefined
}

/** What `manifest.json` says of an image, and the files for it. */
async function listedImage(
  content: Fetcher,
  { value }: DecodedImageManifest,
  inflater: Inflater,
  { signal }: AbortOptions,
): Promise<IndexedImage & { readonly members: readonly Member[] }> {
  const { config } = value
  const bytes = await readBlob(content, config, { maxBytes: MAX_MANIFEST_BYTES, signal })
  const diffIds = checkLayerCount(value, decodeImageConfig(bytes, { digest: config.digest, anyCase: true }).value)
  const inflated: Member[] = []
  const layerNames = value.layers.map((layer, position) => {
    const diffId: DiffId | undefined = diffIds[position]
    if (diffId === undefined || layerCompression(layer.mediaType) !== 'zstd') return blobName(layer.digest)
    inflated.push(layerMember(inflatedLayer(inflater, content, { descriptor: layer, diffId })))
    return layerName(diffId)
  })
  const legacy = legacyLayers(bytes, diffIds, layerNames)
  return {
    config: config.digest,
    configName: blobName(config.digest),
    layerNames,
    top: legacy.top,
    members: [...inflated, ...legacy.members],
  }
}
