import { copy, DEFAULT_RETRY_POLICY } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'

import { choiceOf } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import type { CopySource } from './open-copy-source.ts'
import { openRemote } from './remote.ts'

/**
 * Copies an image to a registry and tags it there.
 *
 * @throws TransportError `ERR_TRANSPORT` for a reference by digest
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyToRegistry(
  runtime: Runtime,
  source: CopySource,
  reference: Reference,
  options: CopyImageOptions,
): Promise<Descriptor> {
  if (reference.digest !== undefined) {
    throw new TransportError('copy to', formatReference(reference), 'found a digest, expected a tag')
  }
  const { content, from, repository } = source
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { signal, onEvent = (): void => {} } = options
  const isNeighbour = repository?.domain === reference.domain && repository.path !== reference.path
  const mountFrom = async (): Promise<Repository[]> => (isNeighbour ? [repository] : [])
  return await copy(
    content,
    openRemote(runtime, reference),
    { from, to: reference },
    { signal, onEvent, retry, mountFrom, ...choiceOf(runtime, source, options) },
  )
}
