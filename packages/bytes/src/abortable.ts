import type { AbortOptions } from './byte-stream.ts'

/**
 * Yields what `source` yields and rejects with `signal.reason` as soon as the signal fires, even while `source` is
 * silent; `source` is closed either way.
 */
export async function* abortable<T>(source: AsyncIterable<T>, options: AbortOptions): AsyncGenerator<T, void, void> {
  const { signal } = options
  if (signal === undefined) {
    yield* source
    return
  }
  signal.throwIfAborted()
  const iterator = source[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  let finished = false
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise])
      if (next.done === true) {
        finished = true
        return
      }
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (!finished) {
      // A source that hangs must not keep its canceller waiting, so its closing is started and not awaited after an abort.
      const closing = Promise.resolve(iterator.return?.()).catch(() => {})
      if (!signal.aborted) await closing
    }
  }
}

