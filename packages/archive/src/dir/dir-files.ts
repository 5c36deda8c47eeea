import { join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { digestHex } from '@drayage/digest'
import { readSmallFile } from '@drayage/files'
import {
  decodeManifest,
  type DecodedManifest,
  type Descriptor,
  isManifestType,
  MAX_MANIFEST_BYTES,
} from '@drayage/manifest'

import { type ContentFile, openContentFile } from '../content-file.ts'
import { DirImageError } from '../errors.ts'

/** The file that tells what the directory is, as containers/image writes it. */
export const DIR_VERSION = 'Directory Transport Version: 1.1\n'

const VERSION_START = 'Directory Transport Version: '

/** The name of a blob or of a manifest below the first one. */
export function dirName({ digest, mediaType }: Descriptor): string {
  return isManifestType(mediaType) ? `${digestHex(digest)}.manifest.json` : digestHex(digest)
}

/**
 * Whether the directory says that it holds an image.
 *
 * @throws DirImageError `ERR_DIR_IMAGE` when the file that tells so says something else
 */
export async function hasDirVersion(directory: string, { signal }: AbortOptions = {}): Promise<boolean> {
  const bytes = await readSmallFile(join(directory, 'version'), { maxBytes: 65_536, signal })
  if (bytes === undefined) return false
  if (Buffer.from(bytes).toString('latin1').startsWith(VERSION_START)) return true
  throw new DirImageError(directory, 'its version file is that of something else')
}

/** Reads `manifest.json`; `undefined` when it is missing. */
export async function readDirManifest(
  directory: string,
  { signal }: AbortOptions = {},
): Promise<DecodedManifest | undefined> {
  const path = join(directory, 'manifest.json')
  const bytes = await readSmallFile(path, { maxBytes: MAX_MANIFEST_BYTES, signal })
  return bytes === undefined ? undefined : decodeManifest(bytes)
}

/** Opens the file with the content: a blob, a manifest, or the first manifest when that is it. */
export async function findDirFile(directory: string, what: Descriptor): Promise<ContentFile | undefined> {
  const found = await openContentFile(join(directory, dirName(what)))
  if (found !== undefined || !isManifestType(what.mediaType)) return found
  const first = await readDirManifest(directory)
  return first?.descriptor.digest === what.digest ? openContentFile(join(directory, 'manifest.json')) : undefined
}
