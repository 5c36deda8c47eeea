/** Options of {@link Slots.acquire}. */
export interface AcquireOptions {
  /** Gives up waiting; the call rejects with `signal.reason` itself and its place in the queue is gone at once. */
  readonly signal?: AbortSignal | undefined
}

/** A counted set of slots that are handed out first come, first served. */
export interface Slots {
  /** How many slots there are; 0 stands for no limit. */
  readonly limit: number
  /** How many slots are held. More than {@link limit} for a while after the limit is lowered. */
  readonly held: number
  /** How many callers wait. */
  readonly waiting: number
  /** Whether a call of {@link acquire} would have to wait now. */
  readonly full: boolean
  /** Takes a slot, waiting for one if need be, and resolves to the function that gives it back; extra calls do nothing. */
  acquire(options?: AcquireOptions): Promise<() => void>
  /**
   * Changes the limit: raising it wakes waiters at once, lowering it lets the present holders finish.
   *
   * @throws RangeError when `limit` is not an integer of at least 0
   */
  setLimit(limit: number): void
}

/**
 * Creates slots.
 *
 * @param limit how many; 0 stands for no limit
 * @throws RangeError when `limit` is not an integer of at least 0
 */
export function createSlots(limit: number): Slots {
  return new CountedSlots(limit)
}

class CountedSlots implements Slots {
  #limit: number
  #held = 0
  /** A set keeps the order of arrival and lets a waiter leave from the middle at constant cost. */
  readonly #queue = new Set<(release: () => void) => void>()

  constructor(limit: number) {
    this.#limit = checkLimit(limit)
  }

  get limit(): number {
    return this.#limit
  }

  get held(): number {
    return this.#held
  }

  get waiting(): number {
    return this.#queue.size
  }

  get full(): boolean {
    return this.#limit !== 0 && this.#held >= this.#limit
  }

  async acquire(options: AcquireOptions = {}): Promise<() => void> {
    const { signal } = options
    signal?.throwIfAborted()
    if (!this.full) return this.#take()
    const granted = Promise.withResolvers<() => void>()
    const leave = (): void => {
      if (this.#queue.delete(granted.resolve)) granted.reject(signal?.reason)
    }
    this.#queue.add(granted.resolve)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      return await granted.promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  setLimit(limit: number): void {
    this.#limit = checkLimit(limit)
    this.#grant()
  }

  #take(): () => void {
    this.#held++
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#held--
      this.#grant()
    }
  }

  #grant(): void {
    for (const waiter of this.#queue) {
      if (this.full) return
      this.#queue.delete(waiter)
      waiter(this.#take())
    }
  }
}

function checkLimit(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new RangeError(`Cannot set the limit: found ${limit}, expected an integer of at least 0`)
  }
  return limit
}
