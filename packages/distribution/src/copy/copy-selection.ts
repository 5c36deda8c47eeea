import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { manifestKind, type Descriptor, type Platform } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { DigestChangeError, Schema1RefusedError, TransferError } from '../errors.ts'
import type { OnEvent } from '../events.ts'
import { gatherReferrers, type CopyReferrers } from '../referrers/gather-referrers.ts'
import { holdManifests } from './held-manifests.ts'
import type { ReadIndexTreeOptions } from '../select/index-tree.ts'
import { chooseSubset, type PlatformSubset } from '../select/platform-subset.ts'
import type { GraphSource } from '../ports.ts'
import { DEFAULT_RETRY_POLICY, forQuestions, type RetryPolicy } from '../retry/retry-policy.ts'
import { pickImage } from '../select/select-image.ts'
import { atSource, type AttemptContext } from '../retry/attempt.ts'
import { isContradiction } from '../retry/judge-failures.ts'
import { readManifest } from '../retry/small-content.ts'
import type { Company } from './selection.ts'
import { orByName } from './or-by-name.ts'
import type { CopySelection } from './selection.ts'

/** Options of {@link selectCopy}. */
export interface SelectCopyOptions extends AbortOptions {
  /** Copies the one image of an index that matches, without its index; the whole index by default. */
  readonly platform?: Platform | undefined
  /**
   * Whether what is chosen keeps its index and the attestations that belong to it, as in a store of images: then `platform`
   * leaves out the other images, instead of the index. {@link copy} to such a store does so; `false` by default.
   */
  readonly keepsIndex?: boolean | undefined
  /** Copies some images of an index, with their index; not together with `platform`. */
  readonly subset?: PlatformSubset
  /**
   * Manifests of an index that are not copied with it, such as those that the source does not have; none by default. Not
   * looked at where platforms are asked for.
   */
  readonly leftOut?: ReadonlySet<Digest> | undefined
  /** What refers to the copied manifests goes along: signatures, attestations and the like; nothing by default. */
  readonly referrers?: CopyReferrers
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean
  /** Refuses images that only schema 1 describes; `false` by default. */
  readonly requireSchema2?: boolean | undefined
  /** What the user asked for, for messages; `from` in full by default. */
  readonly name?: string
  /** Receives progress. */
  readonly onEvent?: OnEvent | undefined
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy | undefined
}

/**
 * Chooses what is copied when `from` is: the whole of it, one image, or some. Only manifests are read.
 *
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 * @throws ReferrersError `ERR_REFERRERS` for a source that does not list them
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws Schema1RefusedError `ERR_SCHEMA1_REFUSED`
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
  const name = options.name ?? (isDescriptor ? from.digest : formatReference(from))
  const context = { signal, retry, onEvent, name }
  const asking = { ...context, retry: forQuestions(retry) }
  const find = async (): Promise<Descriptor> =>
    isDescriptor ? from : await atSource('resolve', `"${name}"`, () => content.resolve(from, { signal }), asking)
  const { requireSchema2 = false } = options
  const choose = async (found: Descriptor): Promise<Omit<CopySelection, keyof Company>> => {
    const isSchema1 = manifestKind(found.mediaType) === 'schema1'
    if (isSchema1 && requireSchema2) throw new Schema1RefusedError(name)
    const source = holdManifests(isDescriptor ? content : orByName(content, from, found, onEvent))
    const original = { ...found, ...(await described(source, found, context)) }
    const chosen = platform !== undefined && options.keepsIndex === true ? sparse(platform) : { platform, subset }
    const wanted = { ...chosen, leftOut: options.leftOut ?? new Set<Digest>(), requireSchema2 }
    return { original, ...(await chooseImages(source, original, { ...context, ...wanted })) }
  }
  const chosen = await choosingAgain(find, choose, context)
  if (options.preserveDigests === true && chosen.made.size > 0) {
    throw new DigestChangeError(name, 'the index is made anew for the chosen platforms')
  }
  const sizes = content.sizeOf === undefined ? {} : { sizeOf: content.sizeOf }
  const selection = { ...chosen, ...sizes, referrers: [], tags: [] }
  if (options.referrers === undefined) return selection
  const company = await gatherReferrers(content, selection, { ...context, wanted: options.referrers })
  return { ...selection, ...company, tagsIn: options.referrers.repository }
}

/**
 * Chooses from what a name stands for. What the source says of a name without giving the content is a hint: when that
 * content is not there or not the same, and the name stands for something else now, that is chosen from.
 */
async function choosingAgain<T>(
  find: () => Promise<Descriptor>,
  choose: (original: Descriptor) => Promise<T>,
  { signal }: AbortOptions,
): Promise<T> {
  const original = await find()
  try {
    return await choose(original)
  } catch (error) {
    signal?.throwIfAborted()
    if (!isContradiction(error instanceof TransferError ? error.cause : error)) throw error
    const now = await find()
    if (now.digest === original.digest) throw error
    return await choose(now)
  }
}

/** What is to be known of a manifest beside what a server says, where that does not tell. */
async function described(source: Fetcher, found: Descriptor, context: AttemptContext): Promise<Partial<Descriptor>> {
  const kind = manifestKind(found.mediaType)
  if (kind !== undefined && kind !== 'schema1') return {}
  const { descriptor } = await readManifest(source, found, context)
  // Servers describe schema 1 with its signatures, which are not what its digest is of.
  return kind === 'schema1' ? descriptor : { mediaType: descriptor.mediaType }
}

/** One image of an index that stays as it is. */
function sparse(platform: Platform): Pick<ChooseOptions, 'platform' | 'subset'> {
  return { platform: undefined, subset: { platforms: [platform], index: 'sparse' } }
}

interface ChooseOptions extends ReadIndexTreeOptions {
  readonly platform: Platform | undefined
  readonly subset: PlatformSubset | undefined
  readonly leftOut: ReadonlySet<Digest>
  readonly requireSchema2: boolean
}

async function chooseImages(
  source: Fetcher,
  original: Descriptor,
  { platform, subset, ...options }: ChooseOptions,
): Promise<Omit<CopySelection, 'original' | keyof Company>> {
  const whole = { root: original, source, made: new Map<Digest, Uint8Array>(), leftOut: new Set<Digest>() }
  if (platform !== undefined) return { ...whole, root: await pickImage(source, original, { ...options, platform }) }
  if (subset === undefined) return { ...whole, leftOut: options.leftOut }
  const chosen = await chooseSubset(source, original, subset, options)
  return { ...chosen, source: holdManifests(source, chosen.made) }
}
