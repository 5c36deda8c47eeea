import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'

import type { StoreAccess } from '../runtime.ts'
import { canSweepLeftovers, canCompareMetadata, DEFAULT_INGEST_AGE_MS, type Store } from '../store/store.ts'

/** How often pulls and removals sweep the store, in milliseconds: once a day, as long as a lease lasts. */
export const SWEEP_EVERY_MS: number = 24 * 60 * 60 * 1000

/** Options of {@link sweepStore}. */
export interface SweepStoreOptions extends AbortOptions {
  /** Removes unfinished downloads and uploads that got no bytes for this long; {@link DEFAULT_INGEST_AGE_MS} by default. */
  readonly olderThanMs?: number
  /** How long what a command fetched before it failed stays, for the next try to find it; a day by default. */
  readonly graceMs?: number
}

/** What a sweep removed. */
export interface SweptStore {
  /** Unfinished downloads. */
  readonly ingests: number
  /** Content that no image, name or running pull needs. */
  readonly blobs: readonly Digest[]
  /** Bytes of both. */
  readonly bytes: number
}

/**
 * Removes from the store what killed and failed commands left: unfinished downloads, conversions, and content that nothing
 * refers to. What running commands need stays, whatever the clock says.
 */
export async function sweepStore(runtime: StoreAccess, options: SweepStoreOptions = {}): Promise<SweptStore> {
  return await sweep(await runtime.openStore(), options)
}

async function sweep(
  store: Store,
  { olderThanMs = DEFAULT_INGEST_AGE_MS, graceMs, signal }: SweepStoreOptions,
): Promise<SweptStore> {
  const { content, leases } = store
  // Nothing goes by what a damaged database says.
  if (canCompareMetadata(store)) await store.compareMetadata()
  const candidates: Digest[] = []
  for await (const { digest } of content.list({ signal })) candidates.push(digest)
  let swept = 0
  const take = (digest: Digest): void => void (swept += content.take(digest) ?? 0)
  const blobs = await leases.sweep(candidates, take, { graceMs, signal })
  await content.freeTaken({ signal })
  // Last, when it is known which commands are still running.
  const { ingests, bytes } = canSweepLeftovers(store)
    ? await store.sweepLeftovers({ olderThanMs, signal })
    : { ingests: 0, bytes: 0 }
  return { ingests, blobs, bytes: bytes + swept }
}

/**
 * Sweeps a store that has leftovers, unless that was done in the last day. It is no part of what the user asked for: a
 * failure is a warning.
 */
export async function sweepWhenDue(store: Store, onEvent: OnEvent, nowMs: number = Date.now()): Promise<void> {
  try {
    // Claimed first, so that a sweep which fails is not tried by each command again.
    if (canSweepLeftovers(store) && (await store.claimSweep(SWEEP_EVERY_MS, nowMs))) await sweep(store, {})
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    onEvent({ type: 'warning', message: `Cannot sweep the store: ${why}` })
  }
}
