import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { DEFAULT_RETRY_POLICY, selectCopy, type OnEvent } from '@drayage/distribution'
import { formatPlatform, isIndexType, type Descriptor } from '@drayage/manifest'

import { choiceOf } from '../copy/copy-choice.ts'
import { copyImage } from '../copy/copy-image.ts'
import type { Runtime } from '../create-runtime.ts'
import { planImages } from '../copy/plan-images.ts'
import { openCopySource, type CopySource } from '../copy/open-copy-source.ts'
import type { SyncResult } from './sync-images.ts'
import type { SyncPair } from './sync-plan.ts'
import { resolveTarget, retrying } from './sync-requests.ts'
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
  await using source = await openCopySource(runtime, pair.source, { ...choice, signal })
  const [found, held] = await Promise.all([
    retrying(runtime, `"${from}"`, () => resolveSource(source, { signal }), options),
    retrying(runtime, `"${to}"`, () => resolveTarget(runtime, pair.target, { signal }), options),
  ])
  const isMade = makesAnother(pair, found)
  const asked = { source: found.digest, choice: describeChoice(choice) }
  const wanted = isMade
    ? (state.find(to, asked) ?? (await chooseRoot(runtime, source, found, pair, options)))
    : found.digest
  if (isMade) state.set(to, { ...asked, target: wanted })
  const isEqual = held === wanted && (choice.referrers === undefined || (await hasReferrers(runtime, pair, options)))
  if (isEqual) return { from, to, status: 'equal', digest: wanted }
  if (dryRun) return { from, to, status: 'outdated', digest: wanted }
  const copied = await copyImage(runtime, from, to, { ...choice, onEvent, signal })
  return { from, to, status: 'copied', digest: copied.digest }
}

/** Whether the target stands for something else than the source: the store remembers the index of its image. */
function makesAnother({ target, choice: { platforms, index } }: SyncPair, { mediaType }: Descriptor): boolean {
  return platforms !== undefined && index !== 'sparse' && target.kind !== 'store' && isIndexType(mediaType)
}

function describeChoice({ platforms = [], index }: SyncPair['choice']): string {
  return [...(index === undefined ? [] : [index]), ...platforms.map((platform) => formatPlatform(platform))].join(' ')
}

async function resolveSource({ from, content }: CopySource, options: AbortOptions): Promise<Descriptor> {
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
  source: CopySource,
  found: Descriptor,
  { choice }: SyncPair,
  { onEvent, signal }: SyncPairOptions,
): Promise<Digest> {
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { root } = await selectCopy(source.content, found, {
    ...choiceOf(runtime, source, choice),
    retry,
    onEvent,
    signal,
  })
  return root.digest
}
