import type { Descriptor } from '@drayage/manifest'

import { copyImages } from './copy-images.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'

/**
 * Copies an image between places: `docker://REF`, `store:REF`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:REF]`, `dir:DIR` and `docker-daemon:REF`. Digests do not change, except that a docker-archive and
 * a Docker Engine hold the layers uncompressed and no manifest; an image from one without its original manifest gets a manifest made for it. The copy has
 * the name that its source has, as far as the target can hold it, unless the target says another; a source by ID or
 * digest gives none.
 *
 * @returns what was copied
 * @throws TransportError `ERR_TRANSPORT` for a place that cannot be used that way
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for an archive that is there
 * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION` for an image that the source does not hold, or one of several
 * @throws DockerDaemonError `ERR_DOCKER_*`, any of `@drayage/docker-daemon`
 * @throws DirImageError `ERR_DIR_IMAGE` for a directory that cannot be read, or that holds something already
 * @throws LayoutError `ERR_LAYOUT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws ReferrersError `ERR_REFERRERS` for a source that knows no referrers, when they are to go along
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the target refuses a sparse index
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` and the other errors of `convert`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor> {
  const [copied] = await copyImages(runtime, [source], target, options)
  if (copied === undefined) throw new RangeError(`Cannot copy ${JSON.stringify(source)}: found nothing copied`)
  return copied
}
