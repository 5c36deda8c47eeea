import { anySignal } from './abort.ts'
import type { AbortOptions } from './byte-stream.ts'

/** Tasks that run side by side and end together. */
export interface TaskGroup {
  /** Fires with the reason of the first failure, or with that of the caller's signal. */
  readonly signal: AbortSignal
  /** Starts a task and returns its result, which need not be awaited: the group waits for it. */
  start<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/**
 * Runs `body` and the tasks that it starts as a group, and resolves to the result of `body` once all have succeeded. The first
 * failure aborts the others and is thrown once all have ended.
 */
export async function withTaskGroup<T>(options: AbortOptions, body: (group: TaskGroup) => Promise<T>): Promise<T> {
  const failed = new AbortController()
  const signal = anySignal(failed.signal, options.signal)
  const running = new Set<Promise<unknown>>()
  const start = <R>(task: (signal: AbortSignal) => Promise<R>): Promise<R> => {
    const result = task(signal)
    const watched: Promise<unknown> = result.then(
      () => running.delete(watched),
      (error: unknown) => {
        running.delete(watched)
        failed.abort(error)
      },
    )
    running.add(watched)
    return result
  }
  const done = start(() => body({ signal, start }))
  while (running.size > 0) await Promise.all(running)
  if (failed.signal.aborted) throw failed.signal.reason
  return await done
}

/** Options of {@link forEachOf}. */
export interface ForEachOfOptions extends AbortOptions {
  /** How many items are worked on at a time. */
  readonly limit: number
}

/**
 * Runs `work` on each item, `limit` at a time. The first failure aborts the rest and is thrown once all have ended.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { forEachOf } from '@drayage/bytes'
 *
 * const sizes: number[] = []
 * const work = async (text: string) => void sizes.push(text.length)
 * await forEachOf(['a', 'bc', 'def'], work, { limit: 2 })
 * assert.deepEqual(sizes, [1, 2, 3])
 * ```
 */
export async function forEachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  { limit, signal }: ForEachOfOptions,
): Promise<void> {
  await withTaskGroup({ signal }, async (group) => {
    const running = new Set<Promise<void>>()
    for await (const item of items) {
      group.signal.throwIfAborted()
      const task = group.start((own) => work(item, own)).finally(() => running.delete(task))
      running.add(task)
      if (running.size >= limit) await Promise.race(running)
    }
    await Promise.all(running)
  })
}
