import { parseDigest, type Digest } from '@drayage/digest'

import type { AbortOptions } from './abort-options.ts'
import type { Database } from './database.ts'
import { forgetHoldings, freshHoldings, withParts } from './holdings.ts'
import { asDescriptor, asDescriptors } from './record-codec.ts'

/** How long a lease lasts without being released, in milliseconds: a day, so that a killed holder blocks nothing for long. */
export const DEFAULT_LEASE_MS: number = 24 * 60 * 60 * 1000

/** How long a sweep may take to remove what it condemned, in milliseconds. */
const SWEEP_MS = 60_000

/** How long before the end of its time a sweep stops removing, in milliseconds. */
const SWEEP_MARGIN_MS = 10_000

/** How long to wait between two looks at condemned content, in milliseconds. */
const POLL_MS = 25

/** Options of {@link createContentLeases}. */
export interface ContentLeasesOptions {
  /** Of `openDatabase`. */
  readonly database: Database
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** Says, between all processes that use a store, which content must stay and which may go. */
export interface ContentLeases {
  /**
   * Keeps content for `holder`, whether it is there yet or not, until it is released or a day has passed. When it
   * resolves no sweep removes it any more: what is there then stays.
   */
  keep(holder: string, digests: readonly Digest[], options?: AbortOptions): Promise<void>
  /** Ends all leases of `holder`. */
  release(holder: string): Promise<void>
  /**
   * Removes, by `remove`, those of `candidates` that no name, no image and no lease needs. Resolves to what was removed.
   */
  sweep(candidates: readonly Digest[], remove: (digest: Digest) => Promise<unknown>): Promise<Digest[]>
}

/** Opens the leases of a store in its metadata database. */
export function createContentLeases({ database, now = Date.now }: ContentLeasesOptions): ContentLeases {
  /** Whether a sweep is still removing one of `digests`. */
  const isCondemned = (digests: readonly Digest[]): boolean => {
    database.run('delete from condemned where until <= ?', now())
    return digests.some((digest) => database.all('select 1 from condemned where digest = ?', digest).length > 0)
  }
  const condemn = (candidates: readonly Digest[]): { readonly digests: Digest[]; readonly until: number } => {
    const until = now() + SWEEP_MS
    database.run('delete from leases where until <= ?', now())
    const needed = neededContent(database, now())
    const isLeased = (digest: Digest): boolean =>
      database.all('select 1 from leases where digest = ?', digest).length > 0
    const digests = candidates.filter((digest) => !needed.has(digest) && !isLeased(digest))
    for (const digest of digests)
      database.run('insert or replace into condemned (digest, until) values (?, ?)', digest, until)
    forgetHoldings(database, digests)
    return { digests, until }
  }
  return {
    async keep(holder, digests, { signal } = {}) {
      for (;;) {
        signal?.throwIfAborted()
        const free = database.transaction(() => {
          for (const digest of digests) {
            database.run(
              'insert or replace into leases (holder, digest, until) values (?, ?, ?)',
              ...[holder, digest, now() + DEFAULT_LEASE_MS],
            )
          }
          return !isCondemned(digests)
        })
        if (free) return
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    async release(holder) {
      database.run('delete from leases where holder = ?', holder)
    },
    async sweep(candidates, remove) {
      const { digests, until } = database.transaction(() => condemn(candidates))
      const removed: Digest[] = []
      try {
        for (const digest of digests) {
          // Past its time another process may count on the content again.
          if (now() >= until - SWEEP_MARGIN_MS) break
          await remove(digest)
          removed.push(digest)
        }
      } finally {
        database.transaction(() => {
          for (const digest of digests)
            database.run('delete from condemned where digest = ? and until = ?', digest, until)
        })
      }
      return removed
    },
  }
}

/** Everything that names and images need, and what was pushed not long ago. */
function neededContent(database: Database, nowMs: number): Set<Digest> {
  const needed = new Set<Digest>()
  for (const { target_digest: digest } of database.all('select target_digest from names'))
    needed.add(parseDigest(String(digest)))
  for (const { digest } of database.all('select digest from manifests')) needed.add(parseDigest(String(digest)))
  for (const { config, layers } of database.all('select config, layers from images')) {
    const found = asDescriptor(JSON.parse(String(config)))
    if (found !== undefined) needed.add(found.digest)
    for (const layer of asDescriptors(JSON.parse(String(layers))) ?? []) needed.add(layer.digest)
  }
  return withParts(database, [...needed, ...freshHoldings(database, nowMs)])
}
