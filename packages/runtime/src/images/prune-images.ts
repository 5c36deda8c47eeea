import type { AbortOptions } from '@drayage/bytes'
import { problemOf } from '@drayage/content'
import type { OnEvent } from '@drayage/distribution'

import type { StoreAccess } from '../runtime.ts'
import { canCompareMetadata } from '../store/store.ts'
import { readCandidates } from './prune-candidates.ts'
import { byImage, bytesOfLoose, storedBytes, tellPlan, type PrunePlan } from './prune-plan.ts'
import { applyPolicy, type PrunePolicy } from './prune-policy.ts'
import type { RemovedItem } from './remove-image.ts'
import { removeUnwanted, type Unwanted } from './remove-unwanted.ts'
import type { ImageView } from './shown-image.ts'
import { sweepStore } from './sweep-store.ts'

/** Options of {@link pruneImages}. */
export interface PruneImagesOptions extends PrunePolicy, AbortOptions {
  /** Whether images with a tag, or pulled by their digest, go too; `false` by default. */
  readonly all?: boolean
  /**
   * `key=value`, with Docker's meaning: `label` and `label!` (`name` or `name=value`), each of which must hold, and
   * `until`, before which the image was made: a time by RFC 3339, seconds since 1970, or a duration such as `24h` ago.
   */
  readonly filters?: readonly string[]
  /** How long images must not have been used to go, in milliseconds; 0 by default. */
  readonly unusedForMs?: number
  /** Whether what failed commands left stays for its time, for the next try to find it; `false` by default. */
  readonly keepsLeftovers?: boolean
  /** Is told beforehand what would go. Nothing does unless it resolves to true; without it, all of it goes. */
  readonly approve?: (plan: PrunePlan) => Promise<boolean>
  /** Receives warnings. */
  readonly onEvent?: OnEvent
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** How many images go in one step: few enough that pulls need not wait long. */
const BATCH = 100

/** What a prune removed. */
export interface PrunedImages {
  readonly removed: readonly RemovedItem[]
  /** Bytes that the store is smaller by. */
  readonly bytes: number
}

/**
 * Removes images that nobody asked to keep by a tag or a digest, or all images that the filters select, what the policy
 * takes of those that the filters select, and what failed commands left: also what they fetched just now. An image that was
 * used or got another name since it was looked at stays.
 *
 * @throws FilterError `ERR_FILTER`
 */
export async function pruneImages(
  runtime: StoreAccess & ImageView,
  options: PruneImagesOptions = {},
): Promise<PrunedImages> {
  const { all = false, filters = [], unusedForMs = 0, keepsLeftovers = false, approve, signal } = options
  const { now = Date.now } = options
  const store = await runtime.openStore()
  const compare = async (): Promise<void> => {
    if (canCompareMetadata(store)) await store.compareMetadata()
  }
  await compare()
  const candidates = await readCandidates(runtime, store, { all, filters, nowMs: now(), unusedForMs, signal })
  const looseBytes =
    keepsLeftovers || (approve ?? options.maxBytes) === undefined
      ? 0
      : await bytesOfLoose(store, candidates, { signal })
  const contentBytes = options.maxBytes === undefined ? 0 : (await storedBytes(runtime, { signal })) - looseBytes
  const parts = candidates.flatMap((each) => each.parts)
  const going = byImage(candidates, applyPolicy(parts, options, contentBytes))
  if (approve !== undefined) {
    const plan = await tellPlan(store, going, { looseBytes, keepsLeftovers, signal })
    if (!(await approve(plan))) return { removed: [], bytes: 0 }
    // Somebody may have taken long to say so.
    await compare()
  }
  const removed: RemovedItem[] = []
  let bytes = 0
  const removeAll = async (batch: readonly Unwanted[]): Promise<void> => {
    try {
      const { items, bytes: freed } = await removeUnwanted(runtime, store, batch, { signal })
      removed.push(...items)
      bytes += freed
    } catch (error) {
      // A full disk has room for the removal of one, and then for others.
      if (batch.length < 2 || problemOf(error) !== 'unwritable') throw error
      for (const each of batch) await removeAll([each])
    }
  }
  for (let at = 0; at < going.length; at += BATCH) await removeAll(going.slice(at, at + BATCH))
  const swept = await sweepStore(runtime, { ...(!keepsLeftovers && { olderThanMs: 0, graceMs: 0 }), signal })
  return { removed, bytes: bytes + swept.bytes }
}
