import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { familiarReference } from '@drayage/reference'

import type { StoreAccess } from '../runtime.ts'
import { canSweepLeftovers, type Store } from '../store/store.ts'
import type { ShownCandidate } from './prune-candidates.ts'
import type { PlannedRemoval } from './prune-policy.ts'
import type { Unwanted } from './remove-unwanted.ts'

/** What a prune would remove, as far as that can be told beforehand. */
export interface PrunePlan {
  readonly images: readonly PlannedImage[]
  /** Bytes of content that no image, name or running command needs. */
  readonly looseBytes: number
  /** Bytes of unfinished downloads that no running command is at. */
  readonly partialBytes: number
  /** Bytes of all that. */
  readonly bytes: number
}

/** What would go of an image. */
export interface PlannedImage {
  /** As users are shown it. */
  readonly id: Digest
  /** The names that would go, in familiar form. */
  readonly names: readonly string[]
  /** Whether the image itself would go, and not only names of it. */
  readonly isWhole: boolean
  /** Bytes that the store would be smaller by. */
  readonly bytes: number
}

/** What goes of each image, the latest built first. */
export function byImage(candidates: readonly ShownCandidate[], planned: readonly PlannedRemoval[]): GoingImage[] {
  const byTarget = new Map(planned.map((each) => [each.target, each]))
  return candidates.flatMap(({ image, parts }) => {
    const targets = parts.flatMap(({ stored }) => byTarget.get(stored.target.digest) ?? [])
    const isWhole = targets.length === parts.length && targets.every((each) => each.isWhole)
    return targets.length === 0 ? [] : [{ id: image.id, targets, isWhole }]
  })
}

/** What goes of one image. */
export interface GoingImage extends Unwanted {
  readonly targets: readonly PlannedRemoval[]
  readonly isWhole: boolean
}

/** Options of {@link tellPlan}. */
export interface TellPlanOptions extends AbortOptions {
  /** Those of {@link bytesOfLoose}. */
  readonly looseBytes: number
  readonly keepsLeftovers?: boolean
}

/** Tells beforehand what a prune would remove; nothing is changed. */
export async function tellPlan(
  store: Store,
  going: readonly GoingImage[],
  { looseBytes, keepsLeftovers = false, signal }: TellPlanOptions,
): Promise<PrunePlan> {
  const images = going.map(({ id, targets, isWhole }) => ({
    id,
    names: targets.flatMap(({ names }) => names.map(({ name }) => familiarReference(name))),
    isWhole,
    bytes: targets.reduce((sum, { bytes }) => sum + bytes, 0),
  }))
  const isMeasured = !keepsLeftovers && canSweepLeftovers(store)
  const partialBytes = isMeasured ? (await store.measureLeftovers({ signal })).removable : 0
  const bytes = images.reduce((sum, image) => sum + image.bytes, looseBytes + partialBytes)
  return { images, looseBytes, partialBytes, bytes }
}

/** The bytes of what nothing needs already. */
export async function bytesOfLoose(
  { content, leases }: Store,
  candidates: readonly ShownCandidate[],
  { signal }: AbortOptions,
): Promise<number> {
  const known = new Set(candidates.flatMap(({ parts }) => parts.flatMap(({ pieces }) => [...pieces.keys()])))
  const others = new Map<Digest, number>()
  for await (const { digest, size } of content.list({ signal })) if (!known.has(digest)) others.set(digest, size)
  const loose = await leases.unneeded([...others.keys()], { signal })
  return loose.reduce((sum, digest) => sum + (others.get(digest) ?? 0), 0)
}

/** The bytes of all content of the local store. */
export async function storedBytes(runtime: StoreAccess, { signal }: AbortOptions = {}): Promise<number> {
  const { content } = await runtime.openStore()
  let bytes = 0
  for await (const { size } of content.list({ signal })) bytes += size
  return bytes
}
