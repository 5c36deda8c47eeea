import { openFileOutput, writeOciArchive } from '@drayage/archive'
import type { Fetcher } from '@drayage/content'
import {
  DEFAULT_RETRY_POLICY,
  fetchStream,
  isLeftOut as isLeftOutOf,
  selectCopy,
  type LayerState,
} from '@drayage/distribution'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import { choiceOf } from './copy-choice.ts'
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
  runtime: Runtime,
  source: CopySource,
  to: Transport & { kind: 'oci-archive' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { signal, onEvent = (): void => {} } = options
  const { content, from, entryName } = source
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const selection = await selectCopy(content, from, { signal, onEvent, retry, ...choiceOf(runtime, source, options) })
  const retrying: Fetcher = {
    fetch(blob, each) {
      const onState = (layer: LayerState): void => {
        if (manifestKind(blob.mediaType) === undefined) onEvent({ type: 'layer', digest: blob.digest, layer })
      }
      return fetchStream(selection.source, blob, { ...each, retry, onState })
    },
  }
  const { root, referrers, tags } = selection
  const isLeftOut = (each: Descriptor): boolean => isLeftOutOf(selection, each)
  const roots = [
    ...referrers.map(({ what }) => ({ what })),
    ...tags.map(({ what, tag }) => ({ what, refName: tag })),
    { what: root, refName: to.tag ?? entryName, isLeftOut },
  ]
  await writeOciArchive(await openFileOutput(to.file), retrying, roots, { signal })
  return root
}
