import type { TransferManager, TransferWork, WatchOptions } from '@drayage/transfer'

import type { LayerState } from './events.ts'

interface Running {
  readonly signal: AbortSignal
  readonly stopped: Promise<unknown>
}

/** The work that each manager does now, by key. */
const running = new WeakMap<TransferManager<LayerState>, Map<string, Running>>()

/**
 * Joins or starts the work of `key` as {@link TransferManager.run} does, but the last one to leave settles only when the
 * work has stopped, so that nothing is written after the caller has failed.
 */
export async function runShared<T>(
  transfers: TransferManager<LayerState>,
  key: string,
  work: TransferWork<LayerState, T>,
  options: WatchOptions<LayerState>,
): Promise<T> {
  const works = running.get(transfers) ?? new Map<string, Running>()
  running.set(transfers, works)
  const start: TransferWork<LayerState, T> = (context) => {
    const outcome = work(context)
    const forget = (): void => {
      if (works.get(key) === entry) works.delete(key)
    }
    const entry: Running = { signal: context.signal, stopped: outcome.then(forget, forget) }
    works.set(key, entry)
    return outcome
  }
  try {
    return await transfers.run(key, start, options)
  } catch (error) {
    const left = works.get(key)
    if (left?.signal.aborted === true) await left.stopped
    throw error
  }
}
