import { SharedWork, type TransferWork, type WatchOptions } from './shared-work.ts'
import { createSlots, type Slots } from './slots.ts'

/** Options of {@link createTransferManager}. */
export interface TransferManagerOptions {
  /** How many pieces of work may hold a slot at a time; 0, the default, stands for no limit. */
  readonly limit?: number | undefined
  /** Slots shared with others, in place of `limit`. */
  readonly slots?: Slots | undefined
  /** Told what `onProgress` and `onState` of watchers throw; must not throw itself. Ignored by default. */
  readonly onCallbackError?: ((error: unknown) => void) | undefined
}

/** Does each piece of work once for all who ask for it at the same time. */
export interface TransferManager<Progress> {
  /** How many pieces of work may hold a slot at a time; 0 stands for no limit. */
  readonly limit: number
  /** How many pieces of work hold a slot. */
  readonly active: number
  /** How many pieces of work wait for a slot. */
  readonly waiting: number
  /**
   * Changes the limit: raising it wakes waiting work at once, lowering it lets running work finish.
   *
   * @throws RangeError when `limit` is not an integer of at least 0
   */
  setLimit(limit: number): void
  /**
   * Joins the work of `key`, or starts `work` when there is none, and resolves to its result. While cancelled work of
   * the same key has not stopped yet, it waits for that and starts anew. A key stands for one kind of result: all who
   * use it must agree on `Result`.
   */
  run<Result>(key: string, work: TransferWork<Progress, Result>, options?: WatchOptions<Progress>): Promise<Result>
}

/**
 * Creates a transfer manager.
 *
 * @throws RangeError when `limit` is not an integer of at least 0
 */
export function createTransferManager<Progress>(options: TransferManagerOptions = {}): TransferManager<Progress> {
  return new KeyedTransferManager<Progress>(options)
}

interface Running<Progress> {
  readonly work: SharedWork<Progress>
  readonly stopped: Promise<void>
}

class KeyedTransferManager<Progress> implements TransferManager<Progress> {
  readonly #slots: Slots
  readonly #onCallbackError: (error: unknown) => void
  readonly #running = new Map<string, Running<Progress>>()

  constructor(options: TransferManagerOptions) {
    this.#slots = options.slots ?? createSlots(options.limit ?? 0)
    this.#onCallbackError = options.onCallbackError ?? (() => {})
  }

  get limit(): number {
    return this.#slots.limit
  }

  get active(): number {
    return this.#slots.held
  }

  get waiting(): number {
    return this.#slots.waiting
  }

  setLimit(limit: number): void {
    this.#slots.setLimit(limit)
  }

  async run<Result>(
    key: string,
    work: TransferWork<Progress, Result>,
    options: WatchOptions<Progress> = {},
  ): Promise<Result> {
    for (;;) {
      options.signal?.throwIfAborted()
      const current = this.#running.get(key)
      // The key names the work, so whoever shares it shares the type of its result: the one cast of this package.
      if (current === undefined) return (await this.#start(key, work, options)) as Result
      if (!current.work.cancelled) return (await current.work.watch(options)) as Result
      this.#tellWaiting(options)
      await untilAborted(current.stopped, options.signal)
    }
  }

  #tellWaiting(options: WatchOptions<Progress>): void {
    try {
      options.onState?.('waiting')
    } catch (error) {
      this.#onCallbackError(error)
    }
  }

  #start(key: string, work: TransferWork<Progress, unknown>, options: WatchOptions<Progress>): Promise<unknown> {
    const shared = new SharedWork<Progress>(this.#onCallbackError)
    const outcome = shared.watch(options)
    const stopped = Promise.withResolvers<void>()
    // Entered before the work starts, because callbacks of the start may ask for the same key.
    this.#running.set(key, { work: shared, stopped: stopped.promise })
    void shared.start(work, this.#slots, () => {
      this.#running.delete(key)
      stopped.resolve()
    })
    return outcome
  }
}

async function untilAborted(done: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return done
  const aborted = Promise.withResolvers<void>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([done, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
