import { DigestChangeError } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'

import { takesIndex } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { copyToDirectory } from './copy-to-directory.ts'
import { copyToDockerArchive } from './copy-to-docker-archive.ts'
import { copyToOciArchive } from './copy-to-oci-archive.ts'
import { copyToRegistry } from './copy-to-registry.ts'
import { copyToStore } from './copy-to-store.ts'
import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import { openCopySource } from './open-copy-source.ts'
import { parseTransport, type Transport } from './transport.ts'

/**
 * Copies an image between places: `docker://REF`, `store:REF`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:REF]` and `dir:DIR`. Digests do not change, except that a docker-archive holds the layers
 * uncompressed and no manifest; an image from one without its original manifest gets a manifest made for it. The copy has
 * the name that its source has, as far as the target can hold it, unless the target says another; a source by ID or
 * digest gives none.
 *
 * @returns what was copied
 * @throws TransportError `ERR_TRANSPORT` for a place that cannot be used that way
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for an archive that is there
 * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION` for an image that the source does not hold, or one of several
 * @throws DirImageError `ERR_DIR_IMAGE` for a directory that cannot be read, or that holds something already
 * @throws LayoutError `ERR_LAYOUT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws ReferrersError `ERR_REFERRERS` for a source that knows no referrers, when they are to go along
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the target refuses a sparse index
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor> {
  const { signal } = options
  const from = parseTransport(source)
  const to = parseTransport(target)
  assertTakes(to, target, options)
  await using opened = await openCopySource(runtime, from, { signal })
  switch (to.kind) {
    case 'registry':
      return await copyToRegistry(runtime, opened, to.reference, options)
    case 'store':
      return await copyToStore(runtime, opened, to.name, options)
    case 'oci':
    case 'dir':
      return await copyToDirectory(runtime, opened, to, options)
    case 'oci-archive':
      return await copyToOciArchive(runtime, opened, to, options)
    case 'docker-archive':
      return await copyToDockerArchive(runtime, opened, to, options)
  }
}

/** Places that know what refers to what. */
const KEEPS_REFERRERS: ReadonlySet<Transport['kind']> = new Set(['registry', 'oci', 'oci-archive'])

/** Refuses what a place cannot hold, before anything is opened. */
function assertTakes(to: Transport, target: string, options: CopyImageOptions): void {
  if (takesIndex(options) && (to.kind === 'docker-archive' || to.kind === 'store')) {
    const holder = to.kind === 'store' ? 'the store' : 'a docker-archive'
    throw new TransportError(
      'copy to',
      target,
      `found ${holder} for several platforms, expected a place that holds an index`,
    )
  }
  if (options.referrers !== undefined && !KEEPS_REFERRERS.has(to.kind)) {
    throw new TransportError('copy referrers to', target, 'expected a registry, an OCI layout or an oci-archive')
  }
  if (options.preserveDigests === true && to.kind === 'docker-archive') {
    throw new DigestChangeError(target, 'a docker-archive holds no manifest')
  }
}
