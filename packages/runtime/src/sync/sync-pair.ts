import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import {
  DEFAULT_RETRY_POLICY,
  orByName,
  selectCopy,
  type OnEvent,
  type Place,
  type PlaceSource,
} from '@drayage/distribution'
import { formatPlatform, isIndexType, manifestKind, type Descriptor } from '@drayage/manifest'

import { choiceOf, formOf, type ChoiceOptions } from '../copy/copy-choice.ts'
import { copyImage, openSource } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { planImages } from '../copy/plan-images.ts'
import type { SyncResult } from './sync-result.ts'
import type { SyncPair } from './sync-plan.ts'
import { askAgain } from '../remote/ask-again.ts'
import { resolveTarget } from './sync-requests.ts'
import type { SyncState } from './sync-state.ts'

/** Options of {@link syncPair}. */
export interface SyncPairOptions extends AbortOptions {
  readonly state: SyncState
  readonly dryRun: boolean
  readonly onEvent: OnEvent
}

/**
 * Copies an image unless its target has the same. Both are asked for what they have by name; more is asked only when that
 * differs, when referrers go along, or when images of an index are chosen and no state remembers what came of that.
 */
export async function syncPair(runtime: Runtime, pair: SyncPair, options: SyncPairOptions): Promise<SyncResult> {
  const { from, to, choice } = pair
  const { signal, onEvent, dryRun, state } = options
  const working = { ...choice, keepsIndex: pair.target.target?.holds.keepsIndex === true }
  await using source = await openSource(pair.source, { ...working, signal })
  const [found, held] = await Promise.all([
    askAgain(runtime, `"${from}"`, () => resolveSource(source, { signal }), options),
    askAgain(runtime, `"${to}"`, () => resolveTarget(pair.target, { platforms: choice.platforms, signal }), options),
  ])
  const isMade = makesAnother(pair.target, working, found)
  const isSchema1 = manifestKind(found.mediaType) === 'schema1'
  const asked = { source: found.digest, choice: describeChoice(choice) }
  const wanted = isMade
    ? (state.find(to, asked) ?? (await chooseRoot(runtime, source, found, pair, options)))
    : // What schema 1 became there is known from the last time.
      ((isSchema1 ? state.find(to, asked) : undefined) ?? found.digest)
  if (isMade) state.set(to, { ...asked, target: wanted })
  const isEqual = held === wanted && (choice.referrers === undefined || (await hasReferrers(runtime, pair, options)))
  if (isEqual) return { from, to, status: 'equal', digest: wanted }
  if (dryRun) return { from, to, status: 'outdated', digest: wanted }
  const copied = await copyImage(runtime, from, to, { ...choice, onEvent, signal })
  if (isSchema1) state.set(to, { ...asked, target: copied.digest })
  return { from, to, status: 'copied', digest: copied.digest }
}

/** Whether the target stands for something else than the source: for one image of its index, or for another index. */
function makesAnother({ target }: Place, choice: ChoiceOptions, { mediaType }: Descriptor): boolean {
  const isSame = choice.platforms === undefined || formOf(choice) === 'sparse'
  return !isSame && target?.holds.index !== false && isIndexType(mediaType)
}

function describeChoice({ platforms = [], index }: SyncPair['choice']): string {
  return [...(index === undefined ? [] : [index]), ...platforms.map((platform) => formatPlatform(platform))].join(' ')
}

async function resolveSource({ from, content }: PlaceSource, options: AbortOptions): Promise<Descriptor> {
  return 'mediaType' in from ? from : await content.resolve(from, options)
}

/** Whether the target has all that refers to the image; it may have come after the image. */
async function hasReferrers(
  runtime: Runtime,
  { from, to, choice }: SyncPair,
  options: SyncPairOptions,
): Promise<boolean> {
  const { onEvent, signal } = options
  const plans = await planImages(runtime, [from], to, { ...choice, onEvent, signal })
  return plans.every(({ totals }) => totals.copy.count + totals.mount.count + totals.rewrite.count === 0)
}

/** What the target is to stand for; only manifests are read. */
async function chooseRoot(
  runtime: Runtime,
  source: PlaceSource,
  found: Descriptor,
  { choice }: SyncPair,
  { onEvent, signal }: SyncPairOptions,
): Promise<Digest> {
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const content = 'mediaType' in source.from ? source.content : orByName(source.content, source.from, found, onEvent)
  const { root } = await selectCopy(content, found, {
    ...choiceOf(runtime, source, choice),
    retry,
    onEvent,
    signal,
  })
  return root.digest
}
