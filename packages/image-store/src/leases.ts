import { setImmediate as nextTurn } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'

import type { Ledger } from './images/ledger.ts'
import { HOLDING_GRACE_MS, type ContentLeases, type HolderLife } from './ports.ts'
import type { Tables } from './tables.ts'

/** How long content stays whose holder has ended without a release, in milliseconds: a day, for the next try to find it. */
export const DEFAULT_LEASE_MS: number = 24 * 60 * 60 * 1000

/** How many candidates a sweep looks at in one transaction: few enough that nobody waits for it. */
const BATCH = 200

/** What leases work with. */
export interface LeaseParts {
  readonly tables: Tables
  readonly ledger: Ledger
  readonly life: HolderLife
  readonly now: () => number
}

/** The leases in some tables. */
export function openLeases({ tables, ledger, life, now }: LeaseParts): ContentLeases {
  const { leases, holdings } = tables
  /** Holders that could not be ended yet. */
  const leaving: string[] = []

  /** Ends the holders whose life has ended: which is so for good, so that it may be found out before it is used. */
  const endDead = async (options: AbortOptions): Promise<void> => {
    const lives = leases.lives()
    const ended = lives.length === 0 ? [] : await life.ended(lives, options)
    if (ended.length === 0) return
    tables.transaction(() => {
      for (const each of ended) leases.endLife(each, now())
    })
  }

  return {
    async keep(holder, digests, { signal } = {}) {
      signal?.throwIfAborted()
      const id = await life.begin()
      tables.transaction(() => {
        leases.begin(holder, id)
        for (const digest of digests) leases.put(holder, digest)
      })
    },
    async leave(holder) {
      try {
        leases.end(holder, now())
      } catch {
        // As on a full disk, where what failed is what to report.
        leaving.push(holder)
      }
    },
    async release(holder, digests) {
      if (digests === undefined) return leases.remove(holder)
      tables.transaction(() => {
        for (const digest of digests) leases.drop(holder, digest)
      })
    },
    isKept: async (digest) => leases.isKept(digest),
    async sweep(candidates, take, { graceMs = DEFAULT_LEASE_MS, signal } = {}) {
      await endDead({ signal })
      tables.transaction(() => {
        for (const holder of leaving) leases.end(holder, now())
        leases.expire(now() - graceMs, now())
        holdings.correctTimes(now())
      })
      leaving.length = 0
      const taken: Digest[] = []
      const isNeeded = needs(tables, now() - HOLDING_GRACE_MS)
      for (let at = 0; at < candidates.length; at += BATCH) {
        if (at > 0) await nextTurn()
        signal?.throwIfAborted()
        ledger.transact((apply) => {
          const batch = candidates.slice(at, at + BATCH).filter((each) => !leases.isLeased(each) && !isNeeded(each))
          const known = batch.filter((digest) => holdings.knows(digest))
          if (known.length > 0) apply({ op: 'forget', digests: known })
          for (const digest of batch) take(digest)
          taken.push(...batch)
        })
      }
      return taken
    },
    async unneeded(candidates, { signal } = {}) {
      await endDead({ signal })
      const isNeeded = needs(tables, now() - HOLDING_GRACE_MS)
      const found: Digest[] = []
      for (let at = 0; at < candidates.length; at += BATCH) {
        if (at > 0) await nextTurn()
        signal?.throwIfAborted()
        const batch = candidates.slice(at, at + BATCH)
        found.push(...tables.snapshot(() => batch.filter((each) => !leases.isKept(each) && !isNeeded(each))))
      }
      return found
    },
  }
}

/**
 * Tells whether names, images or what was held since `heldAtMs` need some content: by itself, or since it is a part of, or
 * refers to, what is needed.
 */
function needs({ contents, holdings }: Tables, heldAtMs: number): (digest: Digest) => boolean {
  return (digest) => {
    const met = new Set([digest])
    // A set gives what is added to it while it is read.
    for (const each of met) {
      if (contents.isNeeded(each) || holdings.isHeldSince(each, heldAtMs)) return true
      for (const keeper of holdings.keepersOf(each)) met.add(keeper)
    }
    return false
  }
}
