import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { ChainId, Digest } from '@drayage/digest'
import { load, type OnEvent } from '@drayage/distribution'
import type { Descriptor, Platform } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { ImageSettings, StoreAccess, TransferSettings } from '../runtime.ts'
import { openLoadSource } from './load-images-source.ts'
import { requirePlatform } from './require-platform.ts'
import { canSpool, type Store } from '../store/store.ts'
import { againIfRemoved } from '../images/again-if-removed.ts'
import { nameExistingImage } from '../images/name-existing-image.ts'
import { openPullSink } from '../images/pull-store.ts'
import { shownId, type ImageView } from '../images/shown-image.ts'

/** Options of {@link loadImages}. */
export interface LoadImagesOptions extends AbortOptions {
  /**
   * Which images of an index; all that are there by default. With platforms, an image of an archive for none of them is
   * refused.
   */
  readonly platforms?: readonly Platform[] | undefined
  /** The operating system that every image must be for, such as `linux`; any by default. */
  readonly system?: string
  readonly onEvent?: OnEvent
  /** Told of each image once it is there, also when a later one fails. */
  readonly onLoaded?: (loaded: LoadedImage) => void
}

/** An image that was loaded, or an artifact. */
export interface LoadedImage {
  /** Its ID as users are shown it. */
  readonly image: Digest
  /** What its names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** The names that it was given, with a tag. */
  readonly names: readonly Reference[]
  /** Names that stood for other images until then, which are still there. */
  readonly taken: readonly TakenName[]
}

/** A name that stands for another image now. */
export interface TakenName {
  readonly name: Reference
  /** The ID of what it stood for, as users are shown it. */
  readonly from: Digest
}

/**
 * Loads every image of a docker-archive or an oci-archive, as docker, podman, skopeo and crane write them, plain or
 * compressed, of an OCI layout or of a `dir:` directory into the local store. Each is there whole or not at all; of an index,
 * those images are loaded that are there, with what attests them. An image of a docker-archive that is here keeps the
 * manifest and the layers that it has, and gets the names; a name that stands for an index with it keeps standing for that.
 *
 * @param input a file or a directory, or the bytes of an archive, which are kept in a temporary file
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` and the other errors of `openArchive`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws LayoutError `ERR_LAYOUT` and DirImageError `ERR_DIR_IMAGE` for a directory of something else
 * @throws TransferError `ERR_TRANSFER` and the other errors of `load`
 */
export async function loadImages(
  runtime: StoreAccess & TransferSettings & ImageSettings,
  input: string | ByteStream,
  options: LoadImagesOptions = {},
): Promise<LoadedImage[]> {
  const { onLoaded, signal, ...loading } = options
  const { platforms } = loading
  const store = await runtime.openStore()
  const spoolDirectory = canSpool(store) ? await store.spoolDirectory() : undefined
  const findLayer = (layer: ChainId): Promise<Descriptor | undefined> => storedLayer(store, layer, { signal })
  await using source = await openLoadSource(input, { signal, spoolDirectory, findLayer })
  const loaded: LoadedImage[] = []
  for await (const each of source.images({ signal })) {
    await requirePlatform(source.content, each, platforms, { signal })
    const before = await namedBefore(runtime, store, each.names, { signal })
    // Not among the downloads: an archive of this machine does not wait for those of slow registries.
    const bring = async (): Promise<Descriptor> => {
      await using sink = openPullSink(store)
      const { target } =
        (await nameExistingImage(store, sink, each, { signal })) ??
        (await load(source.content, sink, each, { signal, ...loading }))
      await sink.complete()
      return target
    }
    const target = await againIfRemoved(bring, { signal })
    const image = await idOf(runtime, store, target, { signal })
    const one = { image, target, names: each.names, taken: await stillThere(store, before, image, { signal }) }
    loaded.push(one)
    onLoaded?.(one)
  }
  return loaded
}

/** A layer of the store, where its blob is still there. */
async function storedLayer(
  { layers }: Pick<Store, 'layers'>,
  layer: ChainId,
  options: AbortOptions,
): Promise<Descriptor | undefined> {
  const blob = (await layers.get(layer))?.blob
  return blob !== undefined && (await layers.find(blob.digest, options)) !== undefined ? blob : undefined
}

interface NamedBefore extends TakenName {
  readonly target: Descriptor
}

/** What names stand for, as users are shown it. */
async function namedBefore(
  view: ImageView,
  store: Pick<Store, 'images'>,
  names: readonly Reference[],
  options: AbortOptions,
): Promise<NamedBefore[]> {
  const found: NamedBefore[] = []
  for (const name of names) {
    const target = await store.images.targetOf(name, options)
    if (target !== undefined) found.push({ name, target, from: await idOf(view, store, target, options) })
  }
  return found
}

/** The names of other images than `image`, where these are there without the name. */
async function stillThere(
  { images }: Pick<Store, 'images'>,
  before: readonly NamedBefore[],
  image: Digest,
  options: AbortOptions,
): Promise<TakenName[]> {
  const taken: TakenName[] = []
  for (const { name, from, target } of before) {
    if (from !== image && (await images.get(target, options)) !== undefined) taken.push({ name, from })
  }
  return taken
}

/** The ID of a target as users are shown it. */
async function idOf(
  view: ImageView,
  { images }: Pick<Store, 'images'>,
  target: Descriptor,
  options: AbortOptions,
): Promise<Digest> {
  const stored = await images.get(target, options)
  return stored === undefined ? target.digest : shownId(view, stored)
}
