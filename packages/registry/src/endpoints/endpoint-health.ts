import { createLruMap } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'

import { RegistryRateLimitedError } from '../errors/answer-errors.ts'
import { RegistryUnreachableError } from '../errors/connection-errors.ts'
import { MAX_REMEMBERED, MIRROR_REST_MS } from '../limits.ts'

/** What is known of mirrors that failed: they are passed over for a while. */
export interface EndpointHealth {
  /** Whether a mirror is passed over for everything. */
  isResting(key: string): boolean
  /** Takes note of why a mirror failed: one that cannot be reached, or asks for fewer requests, rests. */
  noteFailure(key: string, error: unknown): void
  /**
   * Takes note that a mirror's bytes of some content ended early or were wrong (`broken`), or began at a later offset, so
   * that they are not verified here (`unverified`).
   */
  suspect(key: string, digest: Digest, kind: 'broken' | 'unverified'): void
  /** Whether a mirror is passed over for some content; unverified bytes count only when all are asked for once more. */
  isSuspect(key: string, digest: Digest, offset: number): boolean
}

/** Creates the memory, with a monotonic clock in milliseconds. */
export function createEndpointHealth(now: () => number): EndpointHealth {
  const restingUntil = createLruMap<string, number>({ maxEntries: MAX_REMEMBERED })
  const suspects = createLruMap<string, { readonly untilMs: number; readonly kind: 'broken' | 'unverified' }>({
    maxEntries: MAX_REMEMBERED,
  })
  return {
    isResting: (key) => (restingUntil.get(key) ?? -Infinity) > now(),
    noteFailure: (key, error) => {
      const isLimited = error instanceof RegistryRateLimitedError
      if (!isLimited && !(error instanceof RegistryUnreachableError)) return
      restingUntil.set(key, now() + ((isLimited ? error.retryAfterMs : undefined) ?? MIRROR_REST_MS))
    },
    suspect: (key, digest, kind) => suspects.set(`${key} ${digest}`, { untilMs: now() + MIRROR_REST_MS, kind }),
    isSuspect: (key, digest, offset) => {
      const found = suspects.get(`${key} ${digest}`)
      return found !== undefined && found.untilMs > now() && (found.kind === 'broken' || offset === 0)
    },
  }
}
