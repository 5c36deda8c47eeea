import type { AbortOptions } from '@drayage/bytes'

/**
 * Makes calls that overlap share one run of `work`. A caller that aborts leaves at once; when the last one left, the run
 * is aborted.
 */
export function singleFlight<T>(work: (signal: AbortSignal) => Promise<T>): (options: AbortOptions) => Promise<T> {
  let flight: { readonly result: Promise<T>; readonly controller: AbortController; callers: number } | undefined
  return async ({ signal }) => {
    signal?.throwIfAborted()
    if (flight === undefined) {
      const controller = new AbortController()
      const started = { result: work(controller.signal), controller, callers: 0 }
      const land = (): void => {
        if (flight === started) flight = undefined
      }
      started.result.then(land, land)
      flight = started
    }
    const shared = flight
    shared.callers++
    try {
      return await orAborted(shared.result, signal)
    } finally {
      if (--shared.callers === 0 && flight === shared) {
        flight = undefined
        shared.controller.abort()
      }
    }
  }
}

/** What `work` gives, unless the signal fires before. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  return await new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
