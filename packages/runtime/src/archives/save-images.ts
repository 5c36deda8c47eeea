import type { Writable } from 'node:stream'

import {
  createDockerOciArchiveSink,
  createOciArchiveSink,
  createOciLayoutSink,
  namedRoots,
  openDirSink,
  openFileOutput,
  streamOutput,
  type ArchiveOutput,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { DEFAULT_CONCURRENT_DOWNLOADS, type LayerState, type PlaceSink } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import { createTransferManager } from '@drayage/transfer'

import type { Runtime } from '../runtime.ts'
import { copyOne } from '../copy/copy-images.ts'
import { TransportError } from '../errors.ts'
import { dockerArchiveSink } from '../places/docker-archive-place.ts'
import { entrySink } from '../places/layout-place.ts'
import { NOTHING_OPEN } from '../places/place-names.ts'
import { storedSource } from '../places/store-place.ts'
import { noteUseOf } from '../store/note-use.ts'
import { selectSavedImages, type SavedImage } from './save-images-select.ts'
import { DEFAULT_ARCHIVE_FORMAT, type ArchiveFormat } from './archive-format.ts'

/** Options of {@link saveImages}. */
export interface SaveImagesOptions extends AbortOptions {
  /** {@link DEFAULT_ARCHIVE_FORMAT} by default. */
  readonly format?: ArchiveFormat
  /**
   * Which images of an index are saved, each for exactly its platform: one goes without its index, several within it; all
   * that are here by default.
   */
  readonly platforms?: readonly Platform[] | undefined
  /**
   * A file, the directory of a layout or of an image, or a stream for an archive, which is ended with it. A file that
   * exists is replaced once the archive is whole; a layout is extended.
   */
  readonly output: string | Writable
}

/**
 * Writes images of the local store into one archive or directory; equal images give equal bytes. As with `docker save`, a
 * name without a tag stands for all tags of its repository, and an ID or digest saves the image without a name. An index
 * keeps its bytes and its digest, and what is here of it goes along; of images that the store has not, it only tells. A
 * docker-archive holds one image of it, by default that for this machine.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` for a platform that is not here
 * @throws ImageDamagedError `ERR_IMAGE_DAMAGED` where the store has lost an image of an index
 * @throws LayerCorruptError `ERR_LAYER_CORRUPT`, TransferError `ERR_TRANSFER` and DigestMismatchError
 * `ERR_DIGEST_MISMATCH` when stored content is damaged
 * @throws TransportError `ERR_TRANSPORT` when a directory is to go into a stream, several images into one of `dir`, or several
 * platforms into a docker-archive
 * @throws DirImageError `ERR_DIR_IMAGE` when the directory of an image holds something
 */
export async function saveImages(
  runtime: Runtime,
  names: readonly string[],
  options: SaveImagesOptions,
): Promise<void> {
  const { format = DEFAULT_ARCHIVE_FORMAT, platforms = [], output, signal } = options
  const holdsIndex = format !== 'docker-archive'
  if (platforms.length > 1 && !holdsIndex) {
    const place = typeof output === 'string' ? output : 'stream'
    throw new TransportError('save several platforms to', place, 'a docker-archive holds one image of an index')
  }
  const store = await runtime.openStore()
  const withIndex = holdsIndex && platforms.length !== 1
  const images = await selectSavedImages(runtime, store, names, { platforms, withIndex, signal })
  await using sink = await SINKS[format](runtime, images, options)
  // Not among the downloads: a reader of the archive that stands still would keep others from pulling.
  // What is saved has to be loaded elsewhere.
  const foreignLayers = 'copy' as const
  const alone = {
    ...runtime,
    foreignLayers,
    transfers: createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_DOWNLOADS }),
  }
  for (const { what, parts, label, names: own } of images) {
    using _use = await noteUseOf(store, what, { signal })
    const source = { ...storedSource(runtime, store, what), names: own, label, parts }
    await copyOne(alone, source, sink, { all: true, signal })
  }
  await sink.finish?.({ signal })
}

type OpenSaveSink = (runtime: Runtime, images: readonly SavedImage[], options: SaveImagesOptions) => Promise<PlaceSink>

/** What each format writes; names are known before, so that an entry is called by its tag where that is enough. */
const SINKS: Readonly<Record<ArchiveFormat, OpenSaveSink>> = {
  'docker-archive': async (_, __, options) =>
    dockerArchiveSink(
      () => openOutput(options),
      ({ names }) => names,
    ),
  'docker-oci-archive': async ({ platform }, images, options) => {
    const imageOf = shownOf(images)
    const archive = createDockerOciArchiveSink(await openOutput(options), { platform, imageOf })
    return {
      place: async ({ names }) => ({ sink: names.length > 0 ? archive : entrySink(archive, undefined), names }),
      finish: (each) => archive.finish(each),
      [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
    }
  },
  'oci-archive': async (_, __, options) => {
    const archive = createOciArchiveSink(await openOutput(options))
    return {
      place: async ({ names }) => ({ sink: names.length > 0 ? archive : entrySink(archive, undefined), names }),
      finish: (each) => archive.finish(each),
      [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
    }
  },
  oci: async (_, images, options) => {
    const layout = createOciLayoutSink({ directory: directoryOf(options, 'an OCI layout') })
    const roots = namedRoots(images)
    return {
      ...NOTHING_OPEN,
      async place({ from }) {
        const putRoot = async (_what: unknown, each?: AbortOptions): Promise<void> => {
          const own = roots.filter(({ what }) => 'mediaType' in from && what.digest === from.digest)
          for (const { what, refName } of own) await layout.put(what, refName, each)
        }
        return { sink: { ...layout, putRoot }, names: [] }
      },
    }
  },
  dir: async (_, images, options) => {
    const directory = directoryOf(options, 'an image in files')
    if (images.length !== 1) {
      throw new TransportError('save to', directory, `there are ${images.length} images, and a directory holds one`)
    }
    const { signal } = options
    const sink = await openDirSink({ directory, signal })
    return { ...NOTHING_OPEN, place: async () => ({ sink: { ...sink, putRoot: sink.put }, names: [] }) }
  },
}

/** Of an index, the image that readers get that know no index. */
function shownOf(images: readonly SavedImage[]): (index: { readonly digest: string }) => SavedImage['shown'] {
  const shown = new Map<string, SavedImage['shown']>(images.map((image) => [image.what.digest, image.shown]))
  return ({ digest }) => shown.get(digest)
}

async function openOutput({ output, signal }: SaveImagesOptions): Promise<ArchiveOutput> {
  return typeof output === 'string'
    ? await openFileOutput(output, { overwrite: true, signal })
    : streamOutput(output, { signal })
}

function directoryOf({ output }: SaveImagesOptions, what: string): string {
  if (typeof output === 'string') return output
  throw new TransportError('save to', 'stream', `${what} is a directory, expected its path`)
}
