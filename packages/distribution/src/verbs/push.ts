import type { Descriptor } from '@drayage/manifest'
import { DEFAULT_TAG, formatRepository, type Reference } from '@drayage/reference'

import { copyContext } from '../copy/context.ts'
import { copy, type CopyOptions } from '../copy/copy.ts'
import { DEFAULT_CONCURRENT_UPLOADS } from '../defaults.ts'
import type { GraphSink, GraphSource } from '../ports.ts'

/** Options of {@link push}. */
export interface PushOptions extends Omit<CopyOptions, 'platform' | 'subset'> {}

/**
 * Pushes an image to a repository: {@link copy} with Docker Engine's events and five blobs at a time. Digests do not
 * change, blobs that are there are not sent, and the tag is given last.
 *
 * @returns what the name stands for afterwards
 * @throws RangeError when `to` has a digest: what is pushed has its own
 * @throws TransferError `ERR_TRANSFER` and the other errors of {@link copy}
 */
export async function push(
  source: GraphSource,
  sink: GraphSink,
  names: { readonly from: Descriptor; readonly to: Reference },
  options: PushOptions = {},
): Promise<Descriptor> {
  const { to } = names
  if (to.digest !== undefined) throw new RangeError('Cannot push: cannot push a digest reference, expected a tag')
  const context = copyContext(options, DEFAULT_CONCURRENT_UPLOADS)
  const { onEvent, transfers } = context
  onEvent({ type: 'pushing', repository: formatRepository(to) })
  const pushed = await copy(source, sink, names, { ...options, transfers })
  onEvent({ type: 'pushed', tag: to.tag ?? DEFAULT_TAG, digest: pushed.digest, size: pushed.size })
  return pushed
}
