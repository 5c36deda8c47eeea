import { mkdir } from 'node:fs/promises'
import path from 'node:path'

import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import { load, type OnEvent } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import { openLoadSource } from './load-images-source.ts'
import type { LocalStore } from '../store/local-store.ts'
import { againIfRemoved } from '../images/again-if-removed.ts'
import { nameExistingImage } from '../images/name-existing-image.ts'
import { openPullSink } from '../images/pull-store.ts'

/** Options of {@link loadImages}. */
export interface LoadImagesOptions extends AbortOptions {
  /**
   * Which image of an index; that of the runtime by default. With a platform, an image of a docker-archive for another one
   * is refused, unless its name stands for an index in the archive.
   */
  readonly platform?: Platform
  readonly onEvent?: OnEvent
  /** Told of each image once it is there, also when a later one fails. */
  readonly onLoaded?: (loaded: LoadedImage) => void
}

/** An image that was loaded. */
export interface LoadedImage {
  readonly image: ImageId
  /** The names that it was given, with a tag. */
  readonly names: readonly Reference[]
  /** Names that stood for other images until then, which are still there. */
  readonly taken: readonly TakenName[]
}

/** A name that stands for another image now. */
export interface TakenName {
  readonly name: Reference
  /** What it stood for. */
  readonly from: ImageId
}

/**
 * Loads every image of a docker-archive or an oci-archive, as docker, podman, skopeo and crane write them, plain or
 * compressed, of an OCI layout or of a `dir:` directory into the local store. Each is there whole or not at all. An image
 * that is here keeps the manifest and the layers that it has, and gets the names.
 *
 * @param input a file or a directory, or the bytes of an archive, which are kept in a temporary file
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` and the other errors of `openArchive`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws LayoutError `ERR_LAYOUT` and DirImageError `ERR_DIR_IMAGE` for a directory of something else
 * @throws TransferError `ERR_TRANSFER` and the other errors of `load`
 */
export async function loadImages(
  runtime: Runtime,
  input: string | ByteStream,
  options: LoadImagesOptions = {},
): Promise<LoadedImage[]> {
  const { onLoaded, signal, ...loading } = options
  const store = await runtime.openStore()
  const spoolDirectory = path.join(store.directory, 'ingest')
  await mkdir(spoolDirectory, { recursive: true, mode: 0o700 })
  await using source = await openLoadSource(input, { signal, spoolDirectory, platform: loading.platform })
  // Not among the downloads: an archive of this machine does not wait for those of slow registries.
  const { platform } = runtime
  const loaded: LoadedImage[] = []
  for await (const each of source.images({ signal })) {
    const before = await imagesOf(store, each.names, { signal })
    const bring = async (): Promise<ImageId> => {
      await using sink = openPullSink(store)
      const image =
        (await nameExistingImage(store, sink, each, { signal })) ??
        (await load(source.content, sink, each, { platform, signal, ...loading })).image
      await sink.complete()
      return image
    }
    const image = await againIfRemoved(bring, { signal })
    const one = { image, names: each.names, taken: before.filter(({ from }) => from !== image) }
    loaded.push(one)
    onLoaded?.(one)
  }
  return loaded
}

async function imagesOf(
  { images }: LocalStore,
  names: readonly Reference[],
  options: AbortOptions,
): Promise<TakenName[]> {
  const found: TakenName[] = []
  for (const name of names) {
    const from = await images.imageOf(name, options)
    if (from !== undefined) found.push({ name, from })
  }
  return found
}
