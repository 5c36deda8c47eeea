/** Waits; rejects with `signal.reason` itself as soon as the signal fires. */
export type Sleep = (ms: number, options?: { readonly signal?: AbortSignal | undefined }) => Promise<void>

/** Waits for `ms` milliseconds on the timer of the platform; the timer is dropped when the signal fires. */
export const sleep: Sleep = async (ms, options = {}) => {
  const { signal } = options
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
