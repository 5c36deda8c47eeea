/** Memory that spools share. */
export interface SpoolMemory {
  /** Takes memory, when there is that much. */
  take(bytes: number): boolean
  give(bytes: number): void
}

/** Memory of `bytes`, none of it taken. */
export function createSpoolMemory(bytes: number): SpoolMemory {
  let free = bytes
  return {
    take(wanted) {
      if (wanted > free) return false
      free -= wanted
      return true
    },
    give(returned) {
      free += returned
    },
  }
}
