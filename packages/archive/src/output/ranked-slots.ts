/** A number of places. */
export interface RankedSlots {
  /**
   * Waits for a place; the returned function gives it back. A free place goes to the waiter with the highest rank, and
   * of equal ones to the first. Whoever asks in the same turn of the event loop is ranked together; 0 by default.
   */
  take(rank?: () => number): Promise<() => void>
}

interface Waiter {
  readonly rank: () => number
  readonly start: () => void
}

/** Creates `count` free places. */
export function createRankedSlots(count: number): RankedSlots {
  const waiting: Waiter[] = []
  let free = count
  let isDue = false
  const giveOut = (): void => {
    isDue = false
    while (free > 0 && waiting.length > 0) {
      const ranks = waiting.map(({ rank }) => rank())
      const best = ranks.indexOf(Math.max(...ranks))
      free--
      for (const { start } of waiting.splice(best, 1)) start()
    }
  }
  const giveOutSoon = (): void => {
    if (isDue) return
    isDue = true
    setImmediate(giveOut)
  }
  return {
    async take(rank = () => 0) {
      await new Promise<void>((resolve) => {
        waiting.push({ rank, start: resolve })
        giveOutSoon()
      })
      let held = true
      return () => {
        if (!held) return
        held = false
        free++
        giveOutSoon()
      }
    },
  }
}
