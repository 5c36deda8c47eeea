import type { AbortOptions } from './byte-stream.ts'

/**
 * Yields what `source` yields and rejects with `signal.reason` as soon as the signal fires, even while `source` is
 * silent; `source` is closed either way. It belongs next to the origin of the bytes: a generator between the two that
 * waits for a silent source cannot be closed before that source answers.
 */
export async function* abortable<T>(source: AsyncIterable<T>, options: AbortOptions): AsyncGenerator<T, void, void> {
  const { signal } = options
  if (signal === undefined) {
    yield* source
    return
  }
  signal.throwIfAborted()
  const iterator = source[Symbol.asyncIterator]()
  // One promise per step: racing against one that lives as long as the stream would keep something of every step.
  let stop: (reason: unknown) => void = () => {}
  const onAbort = (): void => stop(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  let finished = false
  try {
    for (;;) {
      signal.throwIfAborted()
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        stop = reject
        iterator.next().then(resolve, reject)
      })
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
