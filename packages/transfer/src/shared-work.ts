import type { Slots } from './slots.ts'

/** Whether shared work waits for a slot or has begun. */
export type TransferState = 'waiting' | 'running'

/** What shared work is given. */
export interface TransferContext<Progress> {
  /** Fires when the last watcher has left; it belongs to the work, not to a caller. */
  readonly signal: AbortSignal
  /** Reports progress to every watcher; one that joins later gets the latest report at once. */
  report(progress: Progress): void
  /** Waits for the slot of work that was begun without one; extra calls do nothing. */
  acquire(): Promise<void>
  /** Gives the slot back early, for work whose remainder needs none; extra calls do nothing. */
  release(): void
}

/**
 * Work that callers share. It should stop soon after its signal fires: until then its key stays taken and its last watcher
 * waits.
 */
export type TransferWork<Progress, Result> = (context: TransferContext<Progress>) => Promise<Result>

/** Options of one watcher. */
export interface WatchOptions<Progress> {
  /**
   * Leaves the work; the call rejects with `signal.reason` itself. While others watch, it does so at once and the work
   * continues. The last watcher cancels the work and its call rejects when the work has stopped, so that nothing happens
   * behind its back.
   */
  readonly signal?: AbortSignal | undefined
  /** Called with every report in order, the last one before the call settles; on joining, with the latest at once. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Called when the work waits for a slot and when it begins; on joining, with the present state at once. */
  readonly onState?: ((state: TransferState) => void) | undefined
}

/** Options of work and of its watcher. */
export interface TransferRunOptions<Progress> extends WatchOptions<Progress> {
  /**
   * Whether the work begins with a slot; `true` by default. Otherwise it begins at once, and takes one by `acquire` for the
   * part that needs it.
   */
  readonly needsSlot?: boolean | undefined
}

interface Watcher<Progress> {
  readonly options: WatchOptions<Progress>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Lets go of the signal. */
  readonly detach: () => void
}

/** One piece of work with its watchers. */
export class SharedWork<Progress> {
  readonly #controller = new AbortController()
  readonly #watchers = new Set<Watcher<Progress>>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #onCallbackError: (error: unknown) => void
  #last: { readonly progress: Progress } | undefined
  #state: TransferState | undefined
  #stopped = false

  constructor(onCallbackError: (error: unknown) => void) {
    this.#onCallbackError = onCallbackError
  }

  /** Whether the last watcher has left; the work may still be on its way to stop. */
  get cancelled(): boolean {
    return this.#controller.signal.aborted
  }

  /** Joins; settles with the work, or rejects when the signal of `options` fires. */
  watch(options: WatchOptions<Progress>): Promise<unknown> {
    const { signal } = options
    const outcome = Promise.withResolvers<unknown>()
    const leave = (): void => {
      if (!this.#watchers.delete(watcher)) return
      if (this.#watchers.size > 0) return watcher.reject(signal?.reason)
      this.#controller.abort(signal?.reason)
      void this.#ended.promise.then(() => watcher.reject(signal?.reason))
    }
    const watcher: Watcher<Progress> = {
      options,
      resolve: outcome.resolve,
      reject: outcome.reject,
      detach: () => signal?.removeEventListener('abort', leave),
    }
    this.#watchers.add(watcher)
    signal?.addEventListener('abort', leave, { once: true })
    // What waits for a slot may have reported before.
    if (this.#last !== undefined) this.#call(watcher, options.onProgress, this.#last.progress)
    if (this.#state !== undefined) this.#call(watcher, options.onState, this.#state)
    return outcome.promise
  }

  /** Does the work with slots of `slots` and settles every watcher; resolves, never rejects, when it has stopped. */
  async start(
    work: TransferWork<Progress, unknown>,
    { slots, needsSlot }: { readonly slots: Slots; readonly needsSlot: boolean },
    onStopped: () => void,
  ): Promise<void> {
    let settle: (watcher: Watcher<Progress>) => void
    try {
      const result = await this.#doWork(work, slots, needsSlot)
      settle = (watcher) => watcher.resolve(result)
    } catch (error) {
      settle = (watcher) => watcher.reject(error)
    }
    this.#stopped = true
    onStopped()
    this.#ended.resolve()
    for (const watcher of this.#watchers) {
      watcher.detach()
      settle(watcher)
    }
    this.#watchers.clear()
  }

  async #doWork(work: TransferWork<Progress, unknown>, slots: Slots, needsSlot: boolean): Promise<unknown> {
    const { signal } = this.#controller
    let slot: Promise<() => void> | undefined
    let giveBack = (): void => {}
    const acquire = async (): Promise<void> => {
      if (slot !== undefined) return void (await slot)
      if (slots.full) this.#enter('waiting')
      slot = slots.acquire({ signal })
      giveBack = await slot
      // The last watcher may leave between the moment the slot is granted and this one.
      signal.throwIfAborted()
      this.#enter('running')
      signal.throwIfAborted()
    }
    try {
      if (needsSlot) await acquire()
      signal.throwIfAborted()
      return await work({ signal, acquire, release: () => giveBack(), report: (progress) => this.#report(progress) })
    } finally {
      giveBack()
      // Work may end without having waited for what it asked for.
      slot?.then(
        (free) => free(),
        () => {},
      )
    }
  }

  #enter(state: TransferState): void {
    this.#state = state
    for (const watcher of [...this.#watchers]) this.#call(watcher, watcher.options.onState, state)
  }

  #report(progress: Progress): void {
    if (this.#stopped) return
    this.#last = { progress }
    for (const watcher of [...this.#watchers]) this.#call(watcher, watcher.options.onProgress, progress)
  }

  /** A callback belongs to one watcher: what it throws must reach neither the work nor the other watchers. */
  #call<Event>(watcher: Watcher<Progress>, callback: ((event: Event) => void) | undefined, event: Event): void {
    if (callback === undefined || !this.#watchers.has(watcher)) return
    try {
      callback(event)
    } catch (error) {
      this.#onCallbackError(error)
    }
  }
}
