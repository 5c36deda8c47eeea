import type { Writable } from 'node:stream'

import { openFileOutput, streamOutput, type ArchiveOutput } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'

import { DEFAULT_ARCHIVE_FORMAT, type ArchiveFormat } from './archive-format.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import { saveDockerArchive, saveDockerOciArchive, saveOciArchive } from './save-images-archive.ts'
import { saveDir, saveLayout } from './save-images-directory.ts'
import { selectSavedImages } from './save-images-select.ts'

/** Options of {@link saveImages}. */
export interface SaveImagesOptions extends AbortOptions {
  /** {@link DEFAULT_ARCHIVE_FORMAT} by default. */
  readonly format?: ArchiveFormat
  /**
   * A file, the directory of a layout or of an image, or a stream for an archive, which is ended with it. A file that is
   * there is replaced once the archive is whole; a layout is extended.
   */
  readonly output: string | Writable
}

/**
 * Writes images of the local store into one archive or directory; equal images give equal bytes. As with `docker save`, a
 * name without a tag stands for all tags of its repository, and an ID or digest saves the image without a name. An index
 * is kept where all its images are here and the format can hold it.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws LayerCorruptError `ERR_LAYER_CORRUPT`, TransferError `ERR_TRANSFER` and DigestMismatchError
 * `ERR_DIGEST_MISMATCH` when stored content is damaged
 * @throws TransportError `ERR_TRANSPORT` when a directory is to go into a stream, or several images into one of `dir`
 * @throws DirImageError `ERR_DIR_IMAGE` when the directory of an image holds something
 */
export async function saveImages(
  runtime: Runtime,
  names: readonly string[],
  options: SaveImagesOptions,
): Promise<void> {
  const { format = DEFAULT_ARCHIVE_FORMAT, output, signal } = options
  const store = await runtime.openStore()
  const images = await selectSavedImages(store, names, { signal })
  switch (format) {
    case 'docker-oci-archive':
      return await saveDockerOciArchive(store, images, await openOutput(output, { signal }), { signal })
    case 'docker-archive':
      return await saveDockerArchive(store, images, await openOutput(output, { signal }), { signal })
    case 'oci-archive':
      return await saveOciArchive(store, images, await openOutput(output, { signal }), { signal })
    case 'oci':
      return await saveLayout(runtime, store, images, directoryOf(output, 'an OCI layout'), { signal })
    case 'dir':
      return await saveDir(runtime, store, images, directoryOf(output, 'an image in files'), { signal })
  }
}

async function openOutput(output: string | Writable, options: AbortOptions): Promise<ArchiveOutput> {
  return typeof output === 'string' ? await openFileOutput(output, { overwrite: true }) : streamOutput(output, options)
}

function directoryOf(output: string | Writable, what: string): string {
  if (typeof output === 'string') return output
  throw new TransportError('save to', 'stream', `${what} is a directory, expected its path`)
}
