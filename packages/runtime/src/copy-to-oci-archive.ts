import { openFileOutput, writeOciArchive } from '@drayage/archive'
import type { Fetcher } from '@drayage/content'
import { DEFAULT_RETRY_POLICY, fetchStream, pickImage, type LayerState } from '@drayage/distribution'
import { manifestKind, type Descriptor } from '@drayage/manifest'
import { formatReference } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'

/**
 * Copies an image to a new oci-archive, straight from its source.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for a file that is there
 * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` and the other errors of `writeOciArchive`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function copyToOciArchive(
  { platform, retry = DEFAULT_RETRY_POLICY }: Runtime,
  { content, from, name, entryName }: CopySource,
  to: Transport & { kind: 'oci-archive' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { signal, onEvent = (): void => {} } = options
  const target = 'mediaType' in from ? from : await content.resolve(from, { signal })
  const picking = { platform, name: formatReference(name), retry, onEvent, signal }
  const what = options.all === true ? target : await pickImage(content, target, picking)
  const retrying: Fetcher = {
    fetch(blob, each) {
      const onState = (layer: LayerState): void => {
        if (manifestKind(blob.mediaType) === undefined) onEvent({ type: 'layer', digest: blob.digest, layer })
      }
      return fetchStream(content, blob, { ...each, retry, onState })
    },
  }
  await writeOciArchive(await openFileOutput(to.file), retrying, [{ what, refName: to.tag ?? entryName }], { signal })
  return what
}
