/** A lock by key for shared and for exclusive work, first come first served. */
export interface SharedLock {
  share<T>(key: string, work: () => Promise<T>): Promise<T>
  alone<T>(key: string, work: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly isAlone: boolean
  readonly start: () => void
}

/** The work on a key: how many share it, or one alone, and what waits. */
interface Holders {
  sharing: number
  isAlone: boolean
  readonly queue: Waiting[]
}

/** Creates a lock with no key held. */
export function createSharedLock(): SharedLock {
  const held = new Map<string, Holders>()

  /** Starts the work at the head of the queue that may run now. */
  const advance = (key: string, holders: Holders): void => {
    for (let [next] = holders.queue; next !== undefined; [next] = holders.queue) {
      if (holders.isAlone || (next.isAlone && holders.sharing > 0)) return
      holders.queue.shift()
      if (next.isAlone) holders.isAlone = true
      else holders.sharing++
      next.start()
    }
    if (!holders.isAlone && holders.sharing === 0) held.delete(key)
  }

  const run = async <T>(key: string, isAlone: boolean, work: () => Promise<T>): Promise<T> => {
    const holders = held.get(key) ?? { sharing: 0, isAlone: false, queue: [] }
    held.set(key, holders)
    await new Promise<void>((start) => {
      holders.queue.push({ isAlone, start })
      advance(key, holders)
    })
    try {
      return await work()
    } finally {
      if (isAlone) holders.isAlone = false
      else holders.sharing--
      advance(key, holders)
    }
  }

  return {
    share: (key, work) => run(key, false, work),
    alone: (key, work) => run(key, true, work),
  }
}
