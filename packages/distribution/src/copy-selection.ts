import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { DigestChangeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { holdManifests } from './held-manifests.ts'
import { chooseSubset, type PlatformSubset } from './platform-subset.ts'
import type { GraphSource } from './ports.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts'
import { pickImage } from './select-image.ts'
import { tryRequest } from './try-request.ts'

/** Options of {@link selectCopy}. */
export interface SelectCopyOptions extends AbortOptions {
  /** Copies the one image of an index that matches, without its index; the whole index by default. */
  readonly platform?: Platform
  /** Copies some images of an index, with their index; not together with `platform`. */
  readonly subset?: PlatformSubset
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean
  /** Receives progress. */
  readonly onEvent?: OnEvent
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy
}

/** What a copy brings. */
export interface CopySelection {
  /** What the source's name stands for. */
  readonly original: Descriptor
  /** What the copy's name stands for. */
  readonly root: Descriptor
  /** Gives all of it, also what was made for the copy; manifests that were read before come from memory. */
  readonly source: Fetcher
  /** Manifests that were made for the copy, by digest. */
  readonly made: ReadonlyMap<Digest, Uint8Array>
  /** Manifests below `root` that are not copied. */
  readonly leftOut: ReadonlySet<Digest>
}

/**
 * Chooses what is copied when `from` is: the whole of it, one image, or some. Only manifests are read.
 *
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function selectCopy(
  content: GraphSource,
  from: Reference | Descriptor,
  options: SelectCopyOptions = {},
): Promise<CopySelection> {
  const { signal, retry = DEFAULT_RETRY_POLICY, onEvent = (): void => {}, platform, subset } = options
  if (platform !== undefined && subset !== undefined) {
    throw new RangeError('Cannot choose images: found a platform and a subset, expected one of them')
  }
  const isDescriptor = 'mediaType' in from
  const name = isDescriptor ? from.digest : formatReference(from)
  const context = { signal, retry, onEvent, name }
  const original = isDescriptor
    ? from
    : await tryRequest('resolve', `"${name}"`, () => content.resolve(from, { signal }), context)
  const held = holdManifests(content)
  const whole = { original, root: original, source: held, made: new Map(), leftOut: new Set<Digest>() }
  if (platform !== undefined) return { ...whole, root: await pickImage(held, original, { ...context, platform }) }
  if (subset === undefined) return whole
  const chosen = await chooseSubset(held, original, subset, context)
  if (options.preserveDigests === true && chosen.made.size > 0) {
    throw new DigestChangeError(name, 'the index is made anew for the chosen platforms')
  }
  return { ...whole, ...chosen, source: holdManifests(held, chosen.made) }
}
