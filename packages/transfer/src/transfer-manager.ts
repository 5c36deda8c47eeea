import { raceSignal } from '@drayage/bytes'

import { SharedWork, type TransferRunOptions, type TransferWork, type WatchOptions } from './shared-work.ts'
import { createSlots, type Slots } from './slots.ts'

/** Options of {@link createTransferManager}. */
export interface TransferManagerOptions {
  /** How many pieces of work may hold a slot at a time; 0, the default, stands for no limit. */
  readonly limit?: number | undefined
  /** Slots shared with other code, instead of `limit`. */
  readonly slots?: Slots | undefined
  /** Called with what `onProgress` and `onState` of watchers throw; must not throw itself. Ignored by default. */
  readonly onCallbackError?: ((error: unknown) => void) | undefined
}

/** Runs each piece of work once for all callers that ask for it at the same time. */
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
   * Joins the work of `key`, or starts `work`, and resolves to its result. Where cancelled work of the
   * same key is still stopping, it waits for that and starts anew. A key stands for one kind of result: all its users must
   * agree on `Result`.
   */
  run<Result>(
    key: string,
    work: TransferWork<Progress, Result>,
    options?: TransferRunOptions<Progress>,
  ): Promise<Result>
  /**
   * The transfers of one owner, such as the store that they write to: the same slots, and keys of their own. The same
   * owner gets the same manager each time.
   */
  scope(owner: object): TransferManager<Progress>
}

/**
 * Creates a transfer manager.
 *
 * @throws RangeError when `limit` is not an integer of at least 0
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { createTransferManager } from '@drayage/transfer'
 *
 * const transfers = createTransferManager<number>({ limit: 3 })
 * let downloads = 0
 * const download = async () => ++downloads
 * const both = await Promise.all([transfers.run('layer', download), transfers.run('layer', download)])
 * assert.deepEqual(both, [1, 1])
 * ```
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
  readonly #scopes = new WeakMap<object, TransferManager<Progress>>()

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
    options: TransferRunOptions<Progress> = {},
  ): Promise<Result> {
    for (;;) {
      options.signal?.throwIfAborted()
      const current = this.#running.get(key)
      // The key stands for one kind of result: the one cast of this package.
      if (current === undefined) return (await this.#start(key, work, options)) as Result
      if (!current.work.cancelled) return (await current.work.watch(options)) as Result
      this.#tellWaiting(options)
      await raceSignal(current.stopped, options)
    }
  }

  scope(owner: object): TransferManager<Progress> {
    const options = { slots: this.#slots, onCallbackError: this.#onCallbackError }
    const scoped = this.#scopes.get(owner) ?? new KeyedTransferManager<Progress>(options)
    this.#scopes.set(owner, scoped)
    return scoped
  }

  #tellWaiting(options: WatchOptions<Progress>): void {
    try {
      options.onState?.('waiting')
    } catch (error) {
      this.#onCallbackError(error)
    }
  }

  #start(key: string, work: TransferWork<Progress, unknown>, options: TransferRunOptions<Progress>): Promise<unknown> {
    const { needsSlot = true } = options
    const shared = new SharedWork<Progress>(this.#onCallbackError)
    const outcome = shared.watch(options)
    const stopped = Promise.withResolvers<void>()
    // Entered before the work starts, because callbacks of the start may ask for the same key.
    this.#running.set(key, { work: shared, stopped: stopped.promise })
    void shared.start(work, { slots: this.#slots, needsSlot }, () => {
      this.#running.delete(key)
      stopped.resolve()
    })
    return outcome
  }
}
