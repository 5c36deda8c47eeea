import { join, resolve as resolvePath } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, digestHex } from '@drayage/digest'
import { disk, readSmallFile } from '@drayage/files'
import { type Descriptor, type ImageIndex, MAX_MANIFEST_BYTES } from '@drayage/manifest'

import { type ContentFile, openContentFile } from '../content-file.ts'
import { LayoutError } from '../errors.ts'
import { assertLayoutVersion, decodeLayoutIndex } from './layout-documents.ts'
import { type LayoutSource, layoutSource } from './layout-source.ts'

/** Options of {@link openOciLayout}. */
export interface OciLayoutSourceOptions extends AbortOptions {
  readonly directory: string
}

/**
 * Opens an OCI image layout in a directory for reading; its index is read anew by each call. Nothing in it is followed
 * out of it: a link, a directory or a pipe where a blob belongs is a blob that is missing.
 *
 * @throws LayoutError `ERR_LAYOUT`
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export async function openOciLayout(options: OciLayoutSourceOptions): Promise<LayoutSource> {
  const directory = resolvePath(options.directory)
  options.signal?.throwIfAborted()
  const version = await readSmallFile(join(directory, 'oci-layout'), { maxBytes: 65_536, signal: options.signal })
  if (version === undefined) throw new LayoutError(directory, 'it has no oci-layout file')
  assertLayoutVersion(version, directory)
  return layoutSource({
    readIndex: ({ signal }) => readIndex(directory, { signal }),
    findBlob: (what) => findBlob(directory, what),
  })
}

async function readIndex(directory: string, { signal }: AbortOptions): Promise<ImageIndex> {
  const bytes = await readSmallFile(join(directory, 'index.json'), { maxBytes: MAX_MANIFEST_BYTES, signal })
  if (bytes === undefined) throw new LayoutError(directory, 'it has no index.json')
  return decodeLayoutIndex(bytes, directory)
}

/** Opens a blob of the layout in `directory`. */
export async function findBlob(
  directory: string,
  { digest }: Pick<Descriptor, 'digest'>,
): Promise<ContentFile | undefined> {
  for (const parent of ['blobs', join('blobs', digestAlgorithm(digest))]) {
    const stats = await disk.lstat(join(directory, parent)).catch(() => undefined)
    if (stats?.isDirectory() !== true) return undefined
  }
  return openContentFile(join(directory, 'blobs', digestAlgorithm(digest), digestHex(digest)))
}
