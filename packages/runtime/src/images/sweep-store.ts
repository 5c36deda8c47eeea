import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'

import type { StoreAccess } from '../runtime.ts'
import { canSweepLeftovers, type Store } from '../store/store.ts'

/** How long an unfinished download is kept to be resumed, in milliseconds: a week. */
export const DEFAULT_INGEST_AGE_MS: number = 7 * 24 * 60 * 60 * 1000

/** How often pulls and removals sweep the store, in milliseconds: once a day, as long as a lease lasts. */
export const SWEEP_EVERY_MS: number = 24 * 60 * 60 * 1000

/** Options of {@link sweepStore}. */
export interface SweepStoreOptions extends AbortOptions {
  /** Removes unfinished downloads and uploads that got no bytes for this long; {@link DEFAULT_INGEST_AGE_MS} by default. */
  readonly olderThanMs?: number
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
 * refers to. What a command fetched before it failed stays for a day.
 */
export async function sweepStore(runtime: StoreAccess, options: SweepStoreOptions = {}): Promise<SweptStore> {
  return await sweep(await runtime.openStore(), options)
}

async function sweep(
  store: Store,
  { olderThanMs = DEFAULT_INGEST_AGE_MS, signal }: SweepStoreOptions,
): Promise<SweptStore> {
  const { content, leases } = store
  const { ingests, bytes } = canSweepLeftovers(store)
    ? await store.sweepLeftovers({ olderThanMs, signal })
    : { ingests: 0, bytes: 0 }
  const sizes = new Map<Digest, number>()
  for await (const { digest, size } of content.list({ signal })) sizes.set(digest, size)
  const blobs = await leases.sweep([...sizes.keys()], (digest) => content.delete(digest, { signal }))
  return { ingests, blobs, bytes: blobs.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), bytes) }
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
