import { EngineRequestError } from '@drayage/engine-api'
import type { Served } from '@drayage/registry-server/node'

/** The end of a daemon, in steps. */
export interface Ending {
  /** Fires when the end begins. */
  readonly begun: AbortSignal
  /** Fires when the time of running requests is over, with the error that their clients get. */
  readonly over: AbortSignal
  /** Gives running requests their time and then stops them; resolves when nothing is served any more. */
  end(listening: readonly Served[]): Promise<void>
}

/** How long before its connections are cut work is stopped, in milliseconds, so that clients still get an error. */
const TELL_MS = 2_000

/** Prepares the end of a daemon whose connections are cut `graceMs` after it begins. */
export function prepareEnding(graceMs: number): Ending {
  const begun = new AbortController()
  const over = new AbortController()
  const stop = (): void =>
    over.abort(
      new EngineRequestError(
        503,
        'drayd is stopping: transferred bytes are kept, run the same command again to resume',
      ),
    )
  return {
    begun: begun.signal,
    over: over.signal,
    async end(listening) {
      begun.abort()
      const timer = setTimeout(stop, Math.max(graceMs - TELL_MS, graceMs / 2))
      try {
        await Promise.all(listening.map((each) => each.close()))
      } finally {
        clearTimeout(timer)
        stop()
      }
    },
  }
}
