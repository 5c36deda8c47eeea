import { openFileOutput, writeOciArchive, type OciArchiveRoot } from '@drayage/archive'
import { createMemoryStore, type Fetcher } from '@drayage/content'
import {
  DEFAULT_RETRY_POLICY,
  fetchStream,
  isLeftOut as isLeftOutOf,
  selectCopy,
  type CopySelection,
  type LayerState,
} from '@drayage/distribution'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import { choiceOf } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'

/**
 * Copies images to a new oci-archive, straight from their sources; content that they share is read once.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for a file that is there
 * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` and the other errors of `writeOciArchive`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function copyToOciArchive(
  runtime: Runtime,
  sources: readonly CopySource[],
  to: Transport & { kind: 'oci-archive' },
  options: CopyImageOptions,
): Promise<Descriptor[]> {
  const copied: Descriptor[] = []
  const roots: OciArchiveRoot[] = []
  for (const source of sources) {
    const { signal, onEvent = (): void => {} } = options
    const { retry = DEFAULT_RETRY_POLICY } = runtime
    const choice = choiceOf(runtime, source, options)
    const selection = await selectCopy(source.content, source.from, { signal, onEvent, retry, ...choice })
    const { root, referrers, tags } = selection
    const own = { source: retrying(runtime, selection, options) }
    const isLeftOut = (each: Descriptor): boolean => isLeftOutOf(selection, each)
    roots.push(
      ...referrers.map(({ what }) => ({ ...own, what })),
      ...tags.map(({ what, tag }) => ({ ...own, what, refName: tag })),
      { ...own, what: root, refName: to.tag ?? source.entryName, isLeftOut },
    )
    copied.push(root)
  }
  // Each root has a source of its own.
  await writeOciArchive(await openFileOutput(to.file), createMemoryStore(), roots, { signal: options.signal })
  return copied
}

/** The source, whose streams go on over broken connections and are told of. */
function retrying(runtime: Runtime, { source }: CopySelection, options: CopyImageOptions): Fetcher {
  const { onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  return {
    fetch(blob, each) {
      const onState = (layer: LayerState): void => {
        if (manifestKind(blob.mediaType) === undefined) onEvent({ type: 'layer', digest: blob.digest, layer })
      }
      return fetchStream(source, blob, { ...each, retry, onState })
    },
  }
}
