import { resolve as resolvePath } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { BlobSizer, Checker, Fetcher } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import { fetchFile, hasFile, sizeOfFile } from '../content-file.ts'
import { findDirFile, hasDirVersion, readDirManifest } from './dir-files.ts'
import { DirImageError } from '../errors.ts'

/** Options of {@link openDirImage}. */
export interface DirImageOptions extends AbortOptions {
  readonly directory: string
}

/** A directory with one image or index, a file for each blob. It has no name in there. */
export interface DirImage extends Fetcher, Checker, BlobSizer {
  /** What the directory holds. */
  readonly root: Descriptor
}

/**
 * Opens a directory that `skopeo copy` and others write as `dir:`. A link or a pipe where a file belongs is a file that is
 * missing.
 *
 * @throws DirImageError `ERR_DIR_IMAGE`
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX` and the other errors of `decodeManifest`
 */
export async function openDirImage(options: DirImageOptions): Promise<DirImage> {
  const directory = resolvePath(options.directory)
  options.signal?.throwIfAborted()
  await hasDirVersion(directory, options)
  const manifest = await readDirManifest(directory, options)
  if (manifest === undefined) throw new DirImageError(directory, 'it has no manifest.json')
  const find = (what: Descriptor): ReturnType<typeof findDirFile> => findDirFile(directory, what)
  return {
    root: manifest.descriptor,
    fetch: (what, fetchOptions) => fetchFile(find, what, fetchOptions),
    has: (what, hasOptions) => hasFile(find, what, hasOptions),
    sizeOf: (blob, sizeOptions) => sizeOfFile(find, blob, sizeOptions),
  }
}
