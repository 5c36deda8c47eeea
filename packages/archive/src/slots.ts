/** A number of places, given out first come first served. */
export interface Slots {
  /** Waits for a place; the returned function gives it back. */
  take(): Promise<() => void>
}

/** Creates `count` free places. */
export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = []
  let free = count
  const giveBack = (): void => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
      let held = true
      return () => {
        if (held) giveBack()
        held = false
      }
    },
  }
}
