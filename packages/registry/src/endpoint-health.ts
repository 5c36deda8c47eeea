import type { Digest } from '@drayage/digest'

import { RegistryRateLimitedError, RegistryUnreachableError } from './errors.ts'
import { MAX_REMEMBERED, MIRROR_REST_MS } from './limits.ts'
import { LruMap } from './lru-map.ts'

/** What is known of mirrors that failed: they are passed over for a while. */
export interface EndpointHealth {
  /** Whether a mirror is passed over for everything. */
  isResting(key: string): boolean
  /** Takes note of why a mirror failed: one that cannot be reached, or wants fewer requests, rests. */
  note(key: string, error: unknown): void
  /**
   * Takes note that bytes of some content came from a mirror and broke off or were wrong (`broken`), or came from a later
   * offset, so that nobody has verified them here (`unverified`).
   */
  doubt(key: string, digest: Digest, kind: 'broken' | 'unverified'): void
  /** Whether a mirror is passed over for some content; unverified bytes only count when all are asked for once more. */
  isDoubted(key: string, digest: Digest, offset: number): boolean
}

/** Creates the memory, with a monotonic clock in milliseconds. */
export function createEndpointHealth(now: () => number): EndpointHealth {
  const resting = new LruMap<number>(MAX_REMEMBERED)
  const doubted = new LruMap<{ readonly untilMs: number; readonly kind: 'broken' | 'unverified' }>(MAX_REMEMBERED)
  return {
    isResting: (key) => (resting.get(key) ?? -Infinity) > now(),
    note: (key, error) => {
      const isTired = error instanceof RegistryUnreachableError || error instanceof RegistryRateLimitedError
      const asked = error instanceof RegistryRateLimitedError ? error.retryAfterMs : undefined
      if (isTired) resting.set(key, now() + (asked ?? MIRROR_REST_MS))
    },
    doubt: (key, digest, kind) => doubted.set(`${key} ${digest}`, { untilMs: now() + MIRROR_REST_MS, kind }),
    isDoubted: (key, digest, offset) => {
      const doubt = doubted.get(`${key} ${digest}`)
      return doubt !== undefined && doubt.untilMs > now() && (doubt.kind === 'broken' || offset === 0)
    },
  }
}
