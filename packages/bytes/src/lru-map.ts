/** Options of {@link createLruMap}. */
export interface LruMapOptions<Value> {
  /** The most entries. */
  readonly maxEntries?: number | undefined
  /** The most that all entries weigh together, by `weightOf`: for instance their bytes. A heavier value is not kept at all. */
  readonly maxWeight?: number | undefined
  /** What a value weighs; 1 by default. */
  readonly weightOf?: ((value: Value) => number) | undefined
}

/** A map that drops its least recently used entries to stay within its limits. */
export interface LruMap<Key, Value> {
  /** How many entries there are. */
  readonly size: number
  /** The value of `key`, which becomes the most recently used. */
  get(key: Key): Value | undefined
  /** Adds or replaces the value of `key`, which becomes the most recently used. */
  set(key: Key, value: Value): void
  /** Removes `key` and gives the value that it had. */
  delete(key: Key): Value | undefined
}

/**
 * Creates an empty {@link LruMap}; without limits it never drops anything.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { createLruMap } from '@drayage/bytes'
 *
 * const map = createLruMap<string, Uint8Array>({ maxWeight: 1024, weightOf: (bytes) => bytes.byteLength })
 * map.set('first', new Uint8Array(1000))
 * map.set('second', new Uint8Array(100))
 * assert.equal(map.get('first'), undefined)
 * ```
 */
export function createLruMap<Key, Value>(options: LruMapOptions<Value>): LruMap<Key, Value> {
  const { maxEntries = Number.POSITIVE_INFINITY, maxWeight = Number.POSITIVE_INFINITY, weightOf = () => 1 } = options
  /** From the least to the most recently used. */
  const entries = new Map<Key, { readonly value: Value; readonly weight: number }>()
  let total = 0

  const remove = (key: Key): Value | undefined => {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    entries.delete(key)
    total -= entry.weight
    return entry.value
  }

  return {
    get size() {
      return entries.size
    },
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value) {
      remove(key)
      const weight = weightOf(value)
      entries.set(key, { value, weight })
      total += weight
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && total <= maxWeight) return
        remove(oldest)
      }
    },
    delete: remove,
  }
}
