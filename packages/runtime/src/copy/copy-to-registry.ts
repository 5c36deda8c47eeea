import type { Digest } from '@drayage/digest'
import { copy, DEFAULT_RETRY_POLICY, pushSchema1, type OnEvent } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { choiceOf } from './copy-choice.ts'
import { isConversion } from './conversion-options.ts'
import { arrivedBlob, copyMounts, type CopyMountsOptions } from './copy-mounts.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import { recordSources } from '../images/mount-sources.ts'
import type { CopySource } from './open-copy-source.ts'
import { openRemote } from '../remote/remote.ts'

/**
 * Copies an image to a registry and tags it there. The store remembers where what is copied from it went.
 *
 * @throws TransportError `ERR_TRANSPORT` for a reference by digest
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyToRegistry(
  runtime: Runtime,
  source: CopySource,
  reference: Reference,
  options: CopyImageOptions & CopyMountsOptions,
): Promise<Descriptor> {
  if (reference.digest !== undefined) {
    throw new TransportError('copy to', formatReference(reference), 'found a digest, expected a tag')
  }
  const { content, from } = source
  const { retry = DEFAULT_RETRY_POLICY, uploads: transfers } = runtime
  const { signal } = options
  const arrived = new Set<Digest>()
  const onEvent: OnEvent = (event) => {
    const digest = arrivedBlob(event)
    if (digest !== undefined) arrived.add(digest)
    options.onEvent?.(event)
  }
  const remote = openRemote(runtime, reference)
  const settings = { signal, onEvent, retry, transfers, ...copyMounts(runtime, source, reference, options) }
  const copied =
    options.format === 'v2s1' && 'mediaType' in from
      ? await pushSchema1(content, remote, { from, to: reference }, settings)
      : await copy(content, remote, { from, to: reference }, { ...settings, ...choiceOf(runtime, source, options) })
  // What was converted is not in the store.
  if (source.store !== undefined && !isConversion(options)) {
    const parts = { store: source.store, logins: runtime.usedLogins, target: reference }
    await recordSources(
      parts,
      [...arrived].map((digest) => ({ digest })),
      { signal },
    )
  }
  return copied
}
