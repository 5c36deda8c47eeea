import type { Writable } from 'node:stream'

import {
  createDockerArchiveWriter,
  createOciLayoutSink,
  openFileOutput,
  streamOutput,
  type ArchiveLayer,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { chainIds, type ChainId } from '@drayage/digest'
import { copy } from '@drayage/distribution'
import type { ListedImage } from '@drayage/image-store'
import { LayerNotFoundError } from '@drayage/layer-store'
import { familiarReference, parseReference, tryParseReference, type Reference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import type { LocalStore } from './local-store.ts'

/** The formats that images are saved in. */
export const ARCHIVE_FORMATS: readonly ['docker-archive', 'oci'] = ['docker-archive', 'oci']

/** A format that images are saved in. */
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

/** Options of {@link saveImages}. */
export interface SaveImagesOptions extends AbortOptions {
  /** `docker-archive` by default. */
  readonly format?: ArchiveFormat
  /**
   * A file, the directory of a layout, or a stream for a docker-archive, which is ended with it. A file that is there is
   * replaced once the archive is whole; a layout is extended.
   */
  readonly output: string | Writable
}

/** An image with the names that it gets in an archive. */
interface SavedImage {
  readonly image: ListedImage
  /** Names with a tag. */
  readonly names: readonly Reference[]
}

/**
 * Writes images of the local store into one archive or layout. As with `docker save`, a name without a tag stands for all
 * tags of its repository, and an ID or digest saves the image without a name.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws LayerCorruptError `ERR_LAYER_CORRUPT` and TransferError `ERR_TRANSFER` when stored content is damaged
 * @throws TransportError `ERR_TRANSPORT` when a layout is to go into a stream
 */
export async function saveImages(
  runtime: Runtime,
  names: readonly string[],
  options: SaveImagesOptions,
): Promise<void> {
  const store = await runtime.openStore()
  const images = await selectImages(store, names, options)
  if (options.format === 'oci') await saveLayout(runtime, store, images, options)
  else await saveDockerArchive(store, images, options)
}

async function selectImages(store: LocalStore, names: readonly string[], options: AbortOptions): Promise<SavedImage[]> {
  const selected = new Map<string, SavedImage>()
  const add = (image: ListedImage, tags: readonly Reference[]): void => {
    const before = selected.get(image.id)?.names ?? []
    const known = new Set(before.map(familiarReference))
    selected.set(image.id, { image, names: [...before, ...tags.filter((tag) => !known.has(familiarReference(tag)))] })
  }
  for (const name of names) {
    const tags = await tagsOf(store, name, options)
    for (const tag of tags) add(await store.images.find(familiarReference(tag), options), [tag])
    if (tags.length === 0) add(await store.images.find(name, options), [])
  }
  return [...selected.values()]
}

/** The names with a tag that a user's text stands for; none for an ID or a digest. */
async function tagsOf(store: LocalStore, text: string, options: AbortOptions): Promise<Reference[]> {
  const parsed = tryParseReference(text)
  if (!parsed.ok || parsed.value.digest !== undefined) return []
  const { domain, path, tag } = parsed.value
  const names = await store.images.listNames(options)
  return names
    .map((record) => record.name)
    .filter((name) => name.tag !== undefined && name.domain === domain && name.path === path)
    .filter((name) => tag === undefined || name.tag === tag)
}

async function saveDockerArchive(
  store: LocalStore,
  images: readonly SavedImage[],
  { output, signal }: SaveImagesOptions,
): Promise<void> {
  const target = typeof output === 'string' ? await openFileOutput(output, { overwrite: true }) : streamOutput(output)
  await using writer = createDockerArchiveWriter(target)
  for (const { image, names } of images) {
    const { bytes, value } = await store.images.readConfig(image, { signal })
    const layers = await Promise.all(chainIds(value.rootfs?.diff_ids ?? []).map((id) => archiveLayer(store, id)))
    await writer.add({ config: bytes, repoTags: names.map(familiarReference), layers }, { signal })
  }
  await writer.finish({ signal })
}

async function archiveLayer(store: LocalStore, chainId: ChainId): Promise<ArchiveLayer> {
  const record = await store.layers.get(chainId)
  if (record === undefined) throw new LayerNotFoundError(chainId)
  const { diffId, size } = record
  return { diffId, size, isVerified: true, open: (options) => store.layers.openTar(chainId, options) }
}

async function saveLayout(
  runtime: Runtime,
  store: LocalStore,
  images: readonly SavedImage[],
  { output, signal }: SaveImagesOptions,
): Promise<void> {
  if (typeof output !== 'string') {
    throw new TransportError('save to', 'stream', 'an OCI layout is a directory, expected its path')
  }
  const sink = createOciLayoutSink({ directory: output })
  const source = { fetch: store.content.fetch, resolve: store.images.resolve }
  for (const { image, names } of images) {
    // An image without a name goes in under its digest, which the layout keeps without a name.
    const unnamed = { ...parseReference('unnamed'), digest: image.manifest.digest }
    for (const to of names.length === 0 ? [unnamed] : names) {
      await copy(source, sink, { from: image.manifest, to }, { signal, transfers: runtime.transfers })
    }
  }
}
