import type { AbortOptions } from './byte-stream.ts'

/**
 * Yields what `source` yields and rejects with `signal.reason` as soon as the signal fires, even while `source` is
 * silent; `source` is closed either way. Put it next to the origin of the bytes: a generator in between that waits for a
 * silent source cannot be closed until that source answers.
 */
export async function* abortable<T>(source: AsyncIterable<T>, options: AbortOptions): AsyncGenerator<T, void, void> {
  const { signal } = options
  if (signal === undefined) {
    yield* source
    return
  }
  signal.throwIfAborted()
  const iterator = source[Symbol.asyncIterator]()
  // One promise per step: racing against a single long-lived one would retain something of every step.
  let stop: (reason: unknown) => void = () => {}
  const onAbort = (): void => stop(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  let finished = false
  try {
    for (;;) {
      signal.throwIfAborted()
      const step = Promise.withResolvers<IteratorResult<T>>()
      stop = step.reject
      iterator.next().then(step.resolve, step.reject)
      const next = await step.promise
      if (next.done === true) {
        finished = true
        return
      }
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (!finished) {
      // A source that hangs must not keep its canceller waiting: after an abort its closing is started, not awaited.
      const closing = Promise.resolve(iterator.return?.()).catch(() => {})
      if (!signal.aborted) await closing
    }
  }
}

/**
 * Settles as `promise` does, or rejects with `signal.reason` itself as soon as the signal fires. Only the waiting ends; the
 * work behind the promise continues.
 */
export async function raceSignal<T>(promise: Promise<T>, { signal }: AbortOptions): Promise<T> {
  if (signal === undefined) return promise
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A signal that fires with the first of those given; `undefined` is skipped. */
export function anySignal(first: AbortSignal, ...others: readonly (AbortSignal | undefined)[]): AbortSignal {
  const given = others.filter((each) => each !== undefined)
  return given.length === 0 ? first : AbortSignal.any([first, ...given])
}
