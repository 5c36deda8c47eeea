import { createOciLayoutSink, openDirSink } from '@drayage/archive'
import { copy, DEFAULT_RETRY_POLICY, type GraphSink } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import { choiceOf } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'

/**
 * Copies an image to an OCI layout, which is extended, or to a directory of one image.
 *
 * @throws LayoutError `ERR_LAYOUT`
 * @throws DirImageError `ERR_DIR_IMAGE` for a directory that holds an image or other files
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyToDirectory(
  runtime: Runtime,
  source: CopySource,
  to: Transport & { kind: 'oci' | 'dir' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { transfers, retry = DEFAULT_RETRY_POLICY } = runtime
  const { signal, onEvent = (): void => {} } = options
  const { directory } = to
  const sink =
    to.kind === 'oci'
      ? openLayout(directory, source.name, to.tag ?? source.entryName)
      : await openDirSink({ directory, signal })
  return await copy(
    source.content,
    sink,
    { from: source.from, to: source.name },
    { signal, onEvent, transfers, retry, ...choiceOf(runtime, source, options) },
  )
}

/** A layout that calls what is `name` elsewhere `entryName`, and all else by its tag. */
function openLayout(directory: string, name: Reference, entryName: string | undefined): GraphSink {
  const layout = createOciLayoutSink({ directory })
  return { ...layout, tag: (what, each, options) => layout.put(what, each === name ? entryName : each.tag, options) }
}
