import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

/** Bounds how fast something is read. */
export interface ReadRate {
  /** Resolves once that many bytes more may have been read. */
  pass(bytes: number, options: AbortOptions): Promise<void>
}

/** At most so many bytes a second, on average since it was created; as fast as can be without a number. */
export function createReadRate(bytesPerSecond: number | undefined): ReadRate {
  const begun = performance.now()
  let passed = 0
  return {
    async pass(bytes, { signal }) {
      if (bytesPerSecond === undefined) return
      passed += bytes
      const waitMs = (passed / bytesPerSecond) * 1000 - (performance.now() - begun)
      if (waitMs > 1) await sleep(waitMs, undefined, { signal })
    },
  }
}
