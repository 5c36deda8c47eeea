import type { AbortOptions } from '@drayage/bytes'

import type { StoreAccess } from '../runtime.ts'
import { canSweepLeftovers } from '../store/store.ts'
import { listImages, type ImageSummary } from './list-images.ts'
import { readCandidates, type ShownCandidate } from './prune-candidates.ts'
import { byImage, bytesOfLoose, storedBytes, tellPlan } from './prune-plan.ts'
import { applyPolicy } from './prune-policy.ts'
import type { ImageView } from './shown-image.ts'

/** What a store takes, with the field names of Docker's Engine API (`GET /system/df`). */
export interface DiskUsage {
  /** Bytes on the disk: layers are kept compressed, as they came. */
  readonly LayersSize: number
  /** With `SharedSize` and `Containers`, which is 0; sizes are bytes on the disk, of all platforms that are here. */
  readonly Images: readonly ImageSummary[]
}

/** What the local store takes on the disk, and of each image which bytes it shares with others. */
export async function diskUsage(runtime: StoreAccess & ImageView, options: AbortOptions = {}): Promise<DiskUsage> {
  const images = await listImages(runtime, { ...options, sharedSize: true, sizeOf: 'content' })
  return {
    LayersSize: await storedBytes(runtime, options),
    Images: images.map((image) => ({ ...image, Containers: 0 })),
  }
}

/** What the content of a store is there for, in bytes on the disk. */
export interface StoreUsage {
  /** All content. */
  readonly bytes: number
  /** What several images have, counted once. */
  readonly shared: number
  /** What one image alone has. */
  readonly unique: number
  /** What a prune would remove: images that nobody asked to keep, and what commands left that failed. */
  readonly reclaimable: number
  /** Unfinished downloads and uploads, which are no content yet. */
  readonly partial: number
}

/** What the content of the local store is there for; nothing is changed. */
export async function storeUsage(runtime: StoreAccess & ImageView, { signal }: AbortOptions = {}): Promise<StoreUsage> {
  const store = await runtime.openStore()
  const candidates = await readCandidates(runtime, store, { all: false, filters: [], nowMs: 0, unusedForMs: 0, signal })
  const parts = candidates.flatMap((each) => each.parts)
  const looseBytes = await bytesOfLoose(store, candidates, { signal })
  const plan = await tellPlan(store, byImage(candidates, applyPolicy(parts, {}, 0)), { looseBytes, signal })
  const { shared, unique } = sumPieces(candidates)
  return {
    bytes: await storedBytes(runtime, { signal }),
    shared,
    unique,
    reclaimable: plan.bytes,
    partial: canSweepLeftovers(store) ? (await store.measureLeftovers({ signal })).bytes : 0,
  }
}

function sumPieces(candidates: readonly ShownCandidate[]): Pick<StoreUsage, 'shared' | 'unique'> {
  const holders = new Map<string, { readonly size: number; count: number }>()
  for (const { parts } of candidates) {
    for (const [key, size] of new Map(parts.flatMap(({ pieces }) => [...pieces]))) {
      const known = holders.get(key) ?? { size, count: 0 }
      known.count += 1
      holders.set(key, known)
    }
  }
  let [shared, unique] = [0, 0]
  for (const { size, count } of holders.values()) {
    if (count > 1) shared += size
    else unique += size
  }
  return { shared, unique }
}
