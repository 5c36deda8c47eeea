/** Answers that are worked out once for each key. A failure is not kept. */
export interface Memo<T> {
  get(key: string, work: () => Promise<T>): Promise<T>
  forget(key: string): void
}

/** The most answers that are kept; the oldest are forgotten first. */
const MAX_ANSWERS = 1000

/** Creates a memory for answers. */
export function createMemo<T>(): Memo<T> {
  const answers = new Map<string, Promise<T>>()
  return {
    get(key, work) {
      const known = answers.get(key)
      if (known !== undefined) return known
      const answer = work()
      answers.set(key, answer)
      answer.catch(() => {
        if (answers.get(key) === answer) answers.delete(key)
      })
      const oldest = answers.keys().next()
      if (answers.size > MAX_ANSWERS && oldest.done !== true) answers.delete(oldest.value)
      return answer
    },
    forget: (key) => void answers.delete(key),
  }
}
