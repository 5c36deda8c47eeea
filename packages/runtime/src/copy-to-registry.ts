import { copy, DEFAULT_RETRY_POLICY, pushSchema1 } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'

import { choiceOf } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import type { CopySource } from './open-copy-source.ts'
import { openRemote } from './remote.ts'

/** What {@link copyToRegistry} is told besides. */
export interface CopyToRegistryOptions {
  /** A repository that got the blob before, in this call. */
  readonly holderOf?: (blob: Descriptor) => Repository | undefined
}

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
  options: CopyImageOptions & CopyToRegistryOptions,
): Promise<Descriptor> {
  if (reference.digest !== undefined) {
    throw new TransportError('copy to', formatReference(reference), 'found a digest, expected a tag')
  }
  const { content, from } = source
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { signal, onEvent = (): void => {} } = options
  const mountFrom = mountSources(source, reference, options.holderOf)
  if (options.format === 'v2s1' && 'mediaType' in from) {
    const names = { from, to: reference }
    return await pushSchema1(content, openRemote(runtime, reference), names, { signal, onEvent, retry, mountFrom })
  }
  return await copy(
    content,
    openRemote(runtime, reference),
    { from, to: reference },
    { signal, onEvent, retry, mountFrom, ...choiceOf(runtime, source, options) },
  )
}

/** Where blobs on their way to `target` may be mounted from: the source, and who got them before, of the same registry. */
export function mountSources(
  { repository }: CopySource,
  target: Repository,
  holderOf: CopyToRegistryOptions['holderOf'] = () => undefined,
): (blob: Descriptor) => Promise<Repository[]> {
  const isNeighbour = (each: Repository): boolean => each.domain === target.domain && each.path !== target.path
  return async (blob) =>
    [repository, holderOf(blob)].flatMap((each) => (each !== undefined && isNeighbour(each) ? [each] : []))
}
