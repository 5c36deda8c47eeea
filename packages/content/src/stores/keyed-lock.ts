import type { AbortOptions } from '@drayage/bytes'

/** Mutual exclusion by key, within one process. */
export interface KeyedLock {
  /**
   * Waits until `key` is free, first come first served, and holds it until the returned function is called; calling
   * that again does nothing. An aborted wait leaves the queue.
   */
  acquire(key: string, options?: AbortOptions): Promise<() => void>
}

/** Creates a lock with no key held. Stores use it to queue the holders of an ingest. */
export function createKeyedLock(): KeyedLock {
  // A key in the map is held; its set are the waiting ones, oldest first.
  const waiting = new Map<string, Set<() => void>>()

  const hold = (key: string): (() => void) => {
    let held = true
    return () => {
      if (!held) return
      held = false
      const queue = waiting.get(key)
      const next = queue?.values().next().value
      if (next === undefined) waiting.delete(key)
      else next()
    }
  }

  const wait = (key: string, queue: Set<() => void>, signal: AbortSignal | undefined): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const take = (): void => {
        leave()
        resolve(hold(key))
      }
      const abort = (): void => {
        leave()
        reject(signal?.reason)
      }
      const leave = (): void => {
        queue.delete(take)
        signal?.removeEventListener('abort', abort)
      }
      queue.add(take)
      signal?.addEventListener('abort', abort, { once: true })
    })

  return {
    async acquire(key, options = {}) {
      options.signal?.throwIfAborted()
      const queue = waiting.get(key)
      if (queue !== undefined) return wait(key, queue, options.signal)
      waiting.set(key, new Set())
      return hold(key)
    },
  }
}
