import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { DigestChangeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { gatherReferrers, type Company, type CopyReferrers } from './gather-referrers.ts'
import { holdManifests } from './held-manifests.ts'
import type { ReadIndexTreeOptions } from './index-tree.ts'
import { chooseSubset, type PlatformSubset } from './platform-subset.ts'
import type { GraphSource } from './ports.ts'
import { DEFAULT_RETRY_POLICY, forQuestions, type RetryPolicy } from './retry-policy.ts'
import { pickImage } from './select-image.ts'
import { tryRequest } from './try-request.ts'

/** Options of {@link selectCopy}. */
export interface SelectCopyOptions extends AbortOptions {
  /** Copies the one image of an index that matches, without its index; the whole index by default. */
  readonly platform?: Platform
  /** Copies some images of an index, with their index; not together with `platform`. */
  readonly subset?: PlatformSubset
  /** What refers to the copied manifests goes along: signatures, attestations and the like; nothing by default. */
  readonly referrers?: CopyReferrers
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean
  /** Receives progress. */
  readonly onEvent?: OnEvent
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy
}

/** What a copy brings. */
export interface CopySelection extends Company {
  /** What the source's name stands for. */
  readonly original: Descriptor
  /** What the copy's name stands for. */
  readonly root: Descriptor
  /** Gives all of it, also what was made for the copy; manifests that were read before come from memory. */
  readonly source: Fetcher
  /** Manifests that were made for the copy, by digest. */
  readonly made: ReadonlyMap<Digest, Uint8Array>
  /** Manifests below `root` that are not copied with it. */
  readonly leftOut: ReadonlySet<Digest>
}

/**
 * Chooses what is copied when `from` is: the whole of it, one image, or some. Only manifests are read.
 *
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 * @throws ReferrersError `ERR_REFERRERS` for a source that does not list them
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
  const asking = { ...context, retry: forQuestions(retry) }
  const original = isDescriptor
    ? from
    : await tryRequest('resolve', `"${name}"`, () => content.resolve(from, { signal }), asking)
  const chosen = await chooseImages(holdManifests(content), original, { ...context, platform, subset })
  if (options.preserveDigests === true && chosen.made.size > 0) {
    throw new DigestChangeError(name, 'the index is made anew for the chosen platforms')
  }
  const selection = { original, ...chosen, referrers: [], tags: [] }
  if (options.referrers === undefined) return selection
  return { ...selection, ...(await gatherReferrers(content, selection, { ...context, wanted: options.referrers })) }
}

interface ChooseOptions extends ReadIndexTreeOptions {
  readonly platform: Platform | undefined
  readonly subset: PlatformSubset | undefined
}

async function chooseImages(
  source: Fetcher,
  original: Descriptor,
  { platform, subset, ...options }: ChooseOptions,
): Promise<Omit<CopySelection, 'original' | keyof Company>> {
  const whole = { root: original, source, made: new Map<Digest, Uint8Array>(), leftOut: new Set<Digest>() }
  if (platform !== undefined) return { ...whole, root: await pickImage(source, original, { ...options, platform }) }
  if (subset === undefined) return whole
  const chosen = await chooseSubset(source, original, subset, options)
  return { ...chosen, source: holdManifests(source, chosen.made) }
}
