import { setTimeout as sleep } from 'node:timers/promises'
import { statfs } from 'node:fs/promises'

import { publishRemoved, type EngineEvents } from '@drayage/engine-api'
import { listImages, pruneImages, storedBytes, sweepStore, type PrunedImages, type Runtime } from '@drayage/runtime'

import type { PruneSettings, WaterMark } from '../config/prune-settings.ts'
import type { Log } from './request-log.ts'

/** What a daemon prunes with. */
export interface PruningOptions {
  readonly settings: PruneSettings
  readonly log: Log
  /** Tells clients of what goes, and of the pulls and loads after which the store is looked at. */
  readonly events: EngineEvents
  /** Counts the bytes that were freed. */
  readonly onFreed: (bytes: number) => void
}

/** What makes a store grow. */
const GROWING: readonly string[] = ['pull', 'load', 'import']

/**
 * Prunes the store of a daemon by its policy: now, after each pull, load and import, and at the interval; one at a time.
 * Disposing stops it.
 */
export function startPruning(runtime: Runtime, options: PruningOptions): AsyncDisposable {
  const stop = new AbortController()
  const { signal } = stop
  let wake = new AbortController()
  const unsubscribe = options.events.subscribe(({ Action }) => {
    if (GROWING.includes(Action)) wake.abort()
  })
  const pruning = (async () => {
    while (!signal.aborted) {
      wake = new AbortController()
      await pruneOnce(runtime, options, signal)
      const either = AbortSignal.any([signal, wake.signal])
      await sleep(options.settings.intervalMs, undefined, { signal: either, ref: false }).catch(() => {})
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      unsubscribe()
      stop.abort()
      await pruning
    },
  }
}

async function pruneOnce(runtime: Runtime, options: PruningOptions, signal: AbortSignal): Promise<void> {
  const { log, settings, events, onFreed } = options
  const { marks, keep, filters, unusedForMs } = settings
  try {
    const isFull = marks !== undefined && (await bytesAbove(runtime, marks.high, signal)) > 0
    if (!isFull && keep === undefined) return
    // Of a full store, what failed commands left goes before any image.
    const swept = isFull ? (await sweepStore(runtime, { olderThanMs: 0, graceMs: 0, signal })).bytes : 0
    const maxBytes = isFull ? await bytesAt(runtime, marks.low, signal) : undefined
    const known = new Map((await listImages(runtime, { signal })).map(({ Id, Labels }) => [Id, Labels]))
    const common = { filters, unusedForMs, keepsLeftovers: true, signal }
    const pruned = await pruneImages(runtime, { keep, maxBytes, ...common })
    publishRemoved(events, pruned.removed, known)
    tell({ removed: pruned.removed, bytes: pruned.bytes + swept }, { log, events, onFreed })
    const left = isFull ? await bytesAbove(runtime, marks.low, signal) : 0
    if (left > 0) log.warn({ bytes: left }, 'the store is above prune.low, and nothing else may be removed')
  } catch (err) {
    if (!signal.aborted) log.error({ err }, 'the store could not be pruned')
  }
}

function tell(
  { removed, bytes }: PrunedImages,
  { log, events, onFreed }: Pick<PruningOptions, 'log' | 'events' | 'onFreed'>,
): void {
  if (removed.length === 0 && bytes === 0) return
  const names = removed.flatMap((item) => ('Untagged' in item ? [item.Untagged] : []))
  log.info({ bytes, names }, 'the store was pruned')
  events.publish('prune', '', { reclaimed: String(bytes) })
  onFreed(bytes)
}

/** How many bytes the content of the store may have for the store to be at a mark; negative when that cannot be. */
async function bytesAt(runtime: Runtime, mark: WaterMark, signal: AbortSignal): Promise<number> {
  return (await storedBytes(runtime, { signal })) - (await bytesAbove(runtime, mark, signal))
}

/** By how many bytes the store is above a mark; negative below it. Percent are of what users of the file system may have. */
async function bytesAbove(runtime: Runtime, { unit, value }: WaterMark, signal: AbortSignal): Promise<number> {
  if (unit === 'bytes') return (await storedBytes(runtime, { signal })) - value
  const { bsize, blocks, bfree, bavail } = await statfs(runtime.store.location)
  const used = blocks - bfree
  return Math.ceil((used - ((used + bavail) * value) / 100) * bsize)
}
