import { randomUUID } from 'node:crypto'

import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { HOLDING_GRACE_MS, type ContentLeaser } from '@drayage/image-store'

/** Keeps what is pushed until it has a name; without one, for a day by a clock that does not jump. */
export interface PushedLeases {
  keep(digests: readonly Digest[], options?: AbortOptions): Promise<void>
  /** Lets go of content that something in the store needs now. */
  settle(digests: readonly Digest[]): Promise<void>
}

/** The leases of one registry endpoint. */
export function createPushedLeases(
  leases: ContentLeaser,
  { uptimeMs = (): number => performance.now() }: { readonly uptimeMs?: (() => number) | undefined } = {},
): PushedLeases {
  const holder = `registry-${randomUUID()}`
  /** When content came, the oldest first. */
  const cameMs = new Map<Digest, number>()
  let timer: NodeJS.Timeout | undefined

  const settle = async (digests: readonly Digest[]): Promise<void> => {
    const kept = digests.filter((digest) => cameMs.delete(digest))
    if (kept.length > 0) await leases.release(holder, kept)
  }
  const settleOld = async (): Promise<void> => {
    const old: Digest[] = []
    for (const [digest, atMs] of cameMs) {
      if (uptimeMs() - atMs < HOLDING_GRACE_MS) break
      old.push(digest)
    }
    await settle(old)
  }
  const wait = (): void => {
    // What is pushed last goes too where nothing comes after it.
    timer ??= setTimeout(() => {
      timer = undefined
      void settleOld().catch(() => {})
      if (cameMs.size > 0) wait()
    }, HOLDING_GRACE_MS).unref()
  }

  return {
    async keep(digests, options) {
      await settleOld()
      if (digests.length === 0) return
      await leases.keep(holder, digests, options)
      for (const digest of digests) {
        cameMs.delete(digest)
        cameMs.set(digest, uptimeMs())
      }
      wait()
    },
    settle,
  }
}
