import { openFileOutput } from '@drayage/archive'
import type { Descriptor } from '@drayage/manifest'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'
import { writeDockerArchive } from './write-docker-archive.ts'

/**
 * Copies images to a new docker-archive, whose layers are uncompressed; layers that they share are read once. An image
 * keeps all its names unless `to` says one.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for a file that is there
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function copyToDockerArchive(
  runtime: Runtime,
  sources: readonly CopySource[],
  to: Transport & { kind: 'docker-archive' },
  options: CopyImageOptions,
): Promise<Descriptor[]> {
  const images = sources.map((source) => ({
    source,
    names: to.reference === undefined ? source.imageNames : [to.reference],
  }))
  return await writeDockerArchive(runtime, images, () => openFileOutput(to.file), options)
}
