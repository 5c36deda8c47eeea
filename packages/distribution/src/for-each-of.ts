import type { AbortOptions } from '@drayage/bytes'

/** Options of {@link forEachOf}. */
export interface ForEachOfOptions extends AbortOptions {
  /** How many at a time. */
  readonly limit: number
}

/** Does `work` for each item, a few at a time. The first failure stops the rest, and all has stopped when it is thrown. */
export async function forEachOf<T>(
  items: readonly T[],
  work: (item: T, position: number, signal: AbortSignal) => Promise<void>,
  { limit, signal: outer }: ForEachOfOptions,
): Promise<void> {
  const failed = new AbortController()
  const signal = outer === undefined ? failed.signal : AbortSignal.any([failed.signal, outer])
  const queue = items.entries()
  const drain = async (): Promise<void> => {
    for (const [position, item] of queue) {
      signal.throwIfAborted()
      await work(item, position, signal)
    }
  }
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    try {
      await drain()
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })
  await Promise.allSettled(workers)
  // The reason of the first failure, which the others come from.
  signal.throwIfAborted()
}
