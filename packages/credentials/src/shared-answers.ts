/** Answers that are worked out once for all who ask, and kept for a while. */
export interface SharedAnswers<T> {
  /**
   * The answer for `key`. Those who ask while it is being worked out share the work, which is cancelled when the last of
   * them leaves. A failure is not kept.
   */
  get(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>
}

interface Answer<T> {
  readonly value: Promise<T>
  readonly controller: AbortController
  readonly startedAtMs: number
  waiting: number
  isDone: boolean
}

/** The most answers that are kept; the oldest are forgotten first. */
const MAX_ANSWERS = 1000

/** Creates answers that are kept for `lifeMs` milliseconds. */
export function createSharedAnswers<T>(lifeMs: number, now: () => number): SharedAnswers<T> {
  const answers = new Map<string, Answer<T>>()

  const start = (key: string, work: (signal: AbortSignal) => Promise<T>): Answer<T> => {
    const controller = new AbortController()
    const value = work(controller.signal)
    const answer: Answer<T> = { value, controller, startedAtMs: now(), waiting: 0, isDone: false }
    const forget = (): void => {
      if (answers.get(key) === answer) answers.delete(key)
    }
    value.then(() => (answer.isDone = true), forget)
    answers.delete(key)
    answers.set(key, answer)
    const oldest = answers.keys().next()
    if (answers.size > MAX_ANSWERS && oldest.done !== true) answers.delete(oldest.value)
    return answer
  }

  return {
    async get(key, work, signal) {
      signal?.throwIfAborted()
      const known = answers.get(key)
      const isFresh = known !== undefined && (!known.isDone || now() - known.startedAtMs < lifeMs)
      const answer = isFresh && !known.controller.signal.aborted ? known : start(key, work)
      answer.waiting++
      try {
        return await unlessAborted(answer.value, signal)
      } finally {
        answer.waiting--
        if (answer.waiting === 0 && !answer.isDone)
          answer.controller.abort(new DOMException('Nobody waits', 'AbortError'))
      }
    },
  }
}

async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return value
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([value, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
