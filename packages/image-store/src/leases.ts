import { setTimeout as sleep } from 'node:timers/promises'

import type { Digest } from '@drayage/digest'
import { signedBytesOf } from '@drayage/manifest'

import { partsOfContent } from './images/content-row.ts'
import { HOLDING_GRACE_MS, type ContentLeases } from './ports.ts'
import type { Tables } from './tables.ts'

/** How long a lease lasts unless it is released, in milliseconds: a day, so that a killed holder blocks nothing for long. */
export const DEFAULT_LEASE_MS: number = 24 * 60 * 60 * 1000

/** How long a sweep may take to remove what it condemned, in milliseconds. */
const SWEEP_MS = 60_000

/** How long before the end of its time a sweep stops removing, in milliseconds. */
const SWEEP_MARGIN_MS = 10_000

/** How long to wait between two looks at condemned content, in milliseconds. */
const POLL_MS = 25

/** The leases in some tables. */
export function openLeases(tables: Tables, now: () => number): ContentLeases {
  const { leases, holdings } = tables

  const condemn = (candidates: readonly Digest[], untilMs: number): Digest[] => {
    leases.expire(now())
    const needed = neededContent(tables, now())
    const digests = candidates.filter((digest) => !needed.has(digest) && !leases.isLeased(digest))
    for (const digest of digests) {
      leases.condemn(digest, untilMs)
      holdings.forget(digest)
    }
    return digests
  }

  return {
    async keep(holder, digests, { signal } = {}) {
      for (;;) {
        signal?.throwIfAborted()
        const isFree = tables.transaction(() => {
          for (const digest of digests) leases.put(holder, digest, now() + DEFAULT_LEASE_MS)
          leases.expire(now())
          return !digests.some((digest) => leases.isCondemned(digest))
        })
        if (isFree) return
        await sleep(POLL_MS)
      }
    },
    async release(holder) {
      leases.remove(holder)
    },
    async sweep(candidates, remove) {
      const untilMs = now() + SWEEP_MS
      const condemned = tables.transaction(() => condemn(candidates, untilMs))
      const removed: Digest[] = []
      try {
        for (const digest of condemned) {
          // Past its time another process may count on the content again.
          if (now() >= untilMs - SWEEP_MARGIN_MS) break
          await remove(digest)
          removed.push(digest)
        }
      } finally {
        tables.transaction(() => {
          for (const digest of condemned) leases.pardon(digest, untilMs)
        })
      }
      return removed
    },
  }
}

/** What names and images need, what was pushed recently, and all that these reach by known parts and referrers. */
function neededContent({ names, targets, contents, holdings }: Tables, nowMs: number): Set<Digest> {
  const needed = new Set<Digest>(holdings.since(nowMs - HOLDING_GRACE_MS))
  for (const { target } of [...targets.list(), ...names.list()]) {
    needed.add(target.digest)
    const signed = signedBytesOf(target)
    if (signed !== undefined) needed.add(signed.digest)
  }
  for (const { content } of contents.list()) for (const { digest } of partsOfContent(content)) needed.add(digest)
  const links = Map.groupBy(holdings.links(), ({ from }) => from)
  // A set gives what is added to it while it is read.
  for (const digest of needed) for (const { to } of links.get(digest) ?? []) needed.add(to)
  return needed
}
