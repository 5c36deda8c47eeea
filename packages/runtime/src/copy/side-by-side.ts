import type { AbortOptions } from '@drayage/bytes'

/** Options of {@link sideBySide}. */
export interface SideBySideOptions extends AbortOptions {
  /** How many works run at a time. */
  readonly limit: number
}

/**
 * Does `work` for each item, `limit` at a time, and yields the results as they come. A work that rejects ends the others,
 * as does a consumer that stops; all have stopped when it has ended.
 */
export async function* sideBySide<T, R>(
  items: AsyncIterable<T>,
  work: (item: T, options: AbortOptions) => Promise<R>,
  options: SideBySideOptions,
): AsyncGenerator<R, void, void> {
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const source = items[Symbol.asyncIterator]()
  const running = new Map<number, Promise<{ readonly number: number; readonly result: R }>>()
  let count = 0
  const start = (item: T): void => {
    const number = ++count
    const own = work(item, { signal }).then((result) => ({ number, result }))
    own.catch(() => {})
    running.set(number, own)
  }
  try {
    for (let isDone = false; !isDone || running.size > 0;) {
      while (!isDone && running.size < options.limit) {
        const next = await source.next()
        isDone = next.done === true
        if (next.done !== true) start(next.value)
      }
      if (running.size === 0) break
      const { number, result } = await Promise.race(running.values())
      running.delete(number)
      yield result
    }
  } finally {
    stop.abort()
    await Promise.allSettled(running.values())
    await source.return?.()
  }
}
