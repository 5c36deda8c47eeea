import { createLruMap, type AbortOptions } from '@drayage/bytes'

import { createTransferManager } from './transfer-manager.ts'

/** Options of {@link createSharedCache}. */
export interface SharedCacheOptions {
  /** The most values kept; the least recently used are dropped first. 1000 by default. */
  readonly maxEntries?: number | undefined
  /** How old a kept value may be, in milliseconds from the start of its loading; any age by default. */
  readonly maxAgeMs?: number | undefined
  /** The time in milliseconds from any origin. `performance.now` by default. */
  readonly now?: (() => number) | undefined
}

/** Values that are loaded once for all callers and kept for later ones. */
export interface SharedCache<Value> {
  /**
   * The value of `key`. Callers that ask while it is being loaded share the loading, which is cancelled when the last of
   * them leaves by its signal. A failure is not kept.
   */
  get(key: string, load: (signal: AbortSignal) => Promise<Value>, options?: AbortOptions): Promise<Value>
  /** Drops the value of `key`, and keeps nothing whose loading began before. */
  delete(key: string): void
}

/**
 * Creates an empty cache.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { createSharedCache } from '@drayage/transfer'
 *
 * const cache = createSharedCache<string>({ maxAgeMs: 60_000 })
 * let loads = 0
 * const load = async () => `loaded ${++loads}`
 * assert.equal(await cache.get('key', load), 'loaded 1')
 * assert.equal(await cache.get('key', load), 'loaded 1')
 * ```
 */
export function createSharedCache<Value>(options: SharedCacheOptions = {}): SharedCache<Value> {
  const { maxEntries = 1000, maxAgeMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = options
  const loading = createTransferManager<never>()
  const kept = createLruMap<string, { readonly value: Value; readonly sinceMs: number }>({ maxEntries })
  /** Counts deletions: what began to load before one may be out of date after it. */
  let generation = 0

  return {
    async get(key, load, { signal } = {}) {
      signal?.throwIfAborted()
      const found = kept.get(key)
      if (found !== undefined && now() - found.sinceMs < maxAgeMs) return found.value
      const own = generation
      const work = async (context: { readonly signal: AbortSignal }): Promise<Value> => {
        const sinceMs = now()
        const value = await load(context.signal)
        if (generation === own) kept.set(key, { value, sinceMs })
        return value
      }
      return await loading.run(`${own} ${key}`, work, { signal })
    },
    delete(key) {
      kept.delete(key)
      generation++
    },
  }
}
