import type { Checker, Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { SourceRecords, StoredImage } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'
import { familiarReference, formatRepository, withDigest, type Repository } from '@drayage/reference'

import { isConversion } from '../copy/conversion-options.ts'
import type { AskOptions } from '../remote/ask-again.ts'
import type { TransferSettings } from '../runtime.ts'
import { chooseOutgoing } from './choose-outgoing.ts'
import { imagesOf, incomplete, lackingAt } from './incomplete-index.ts'
import type { PushImageOptions } from './push-options.ts'

/** What of a stored image is pushed. */
export interface PushedContent {
  readonly root: Descriptor
  /** What `root` lists and does not go along. */
  readonly leftOut: ReadonlySet<Digest>
  /** Whether the index is made anew without what does not go along. */
  readonly isRewritten: boolean
  /** The index that `root` goes instead of. */
  readonly insteadOf?: Descriptor
}

/** Options of {@link choosePushed}. */
export interface ChoosePushedOptions extends AskOptions, Omit<PushImageOptions, 'onEvent'> {
  /** What users call it. */
  readonly name: string
  /** The repository that it goes to. */
  readonly to: Repository
  readonly remote: Checker
  /** Where content came from. */
  readonly sources: Pick<SourceRecords, 'sourcesOf'>
}

/**
 * Chooses what is pushed, before anything is written.
 *
 * @throws IndexIncompleteError `ERR_INDEX_INCOMPLETE`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function choosePushed(
  runtime: TransferSettings,
  content: Fetcher & Checker,
  stored: StoredImage,
  options: ChoosePushedOptions,
): Promise<PushedContent> {
  const { platforms = [], sparse = false, whenIncomplete = 'refuse', name, remote, format, signal, onEvent } = options
  const withIndex = format !== 'v2s1' && (sparse || platforms.length !== 1)
  const { root, parts } = await chooseOutgoing(runtime, content, stored, { platforms, withIndex, name, signal })
  const pushed = { root, leftOut: new Set(parts.leftOut.map(({ digest }) => digest)), isRewritten: false }
  if (isConversion(options)) return { ...pushed, isRewritten: pushed.leftOut.size > 0 }
  if (sparse || pushed.leftOut.size === 0) return pushed
  const lacking = await lackingAt(runtime, remote, parts.leftOut, { signal, onEvent })
  if (lacking.length === 0) return pushed
  const [only, ...others] = imagesOf(parts.taken)
  if (whenIncomplete === 'one' && platforms.length === 0 && only !== undefined && others.length === 0) {
    return { root: only, leftOut: new Set(), isRewritten: false, insteadOf: root }
  }
  throw incomplete('push', name, '--sparse', parts, lacking, await originOf(options.sources, stored, options.to))
}

/** What a target came as, where that is known and is another repository than the one that it goes to. */
async function originOf(
  sources: ChoosePushedOptions['sources'],
  { target }: StoredImage,
  to: Repository,
): Promise<string | undefined> {
  const known = await sources.sourcesOf(target.digest)
  const [from] = known.filter((each) => formatRepository(each) !== formatRepository(to))
  return from === undefined ? undefined : familiarReference(withDigest(from, target.digest))
}
