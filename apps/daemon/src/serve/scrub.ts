import { setTimeout as sleep } from 'node:timers/promises'

import { checkStore, findingText, type Runtime, type StoreFinding } from '@drayage/runtime'

import type { Log } from './request-log.ts'

/** How long after a walk through the store the next one begins, in milliseconds: a day. */
const PAUSE_MS = 24 * 60 * 60 * 1000

/** What a scrub works with. */
export interface ScrubOptions {
  /** How many bytes it reads a second. */
  readonly bytesPerSecond: number
  readonly log: Log
  /** Counts the bytes of content that was looked at. */
  readonly onChecked: (bytes: number) => void
  /** Counts what was wrong. */
  readonly onFinding: (finding: StoreFinding) => void
}

/**
 * Walks through the store of a daemon again and again, slowly, reads all of it, and mends what went bad from the registries
 * that have it. Disposing stops it.
 */
export function startScrub(runtime: Runtime, options: ScrubOptions): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  const walking = (async () => {
    while (!signal.aborted) {
      await walkOnce(runtime, options, signal)
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await walking
    },
  }
}

async function walkOnce(
  runtime: Runtime,
  { bytesPerSecond, log, onChecked, onFinding }: ScrubOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const finding of checkStore(runtime, { deep: true, repair: true, bytesPerSecond, onChecked, signal })) {
      if (finding.state === 'notice') continue
      onFinding(finding)
      log.warn({ state: finding.state, what: finding.what, neededBy: finding.neededBy }, findingText(finding))
    }
  } catch (err) {
    if (!signal.aborted) log.error({ err }, 'the store could not be scrubbed')
  }
}
