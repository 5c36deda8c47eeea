import type { FaultSleep } from './fault-call.ts'

/** Waits on the timer of the platform, which is dropped when the signal fires. */
export const sleep: FaultSleep = async (ms, { signal } = {}) => {
  signal?.throwIfAborted()
  const waited = Promise.withResolvers<void>()
  const onAbort = (): void => waited.reject(signal?.reason)
  const timer = setTimeout(waited.resolve, ms)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await waited.promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
