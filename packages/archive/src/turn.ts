/** A value that comes later, and whether it has come. */
export interface Turn<T> {
  readonly promise: Promise<T>
  /** Whether waiting would take no time. */
  readonly isNow: boolean
}

/** Watches `promise`. */
export function turnOf<T>(promise: Promise<T>): Turn<T> {
  let isNow = false
  promise.then(
    () => void (isNow = true),
    () => void (isNow = true),
  )
  return {
    promise,
    get isNow() {
      return isNow
    },
  }
}
