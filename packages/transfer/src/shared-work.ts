import type { Slots } from './slots.ts'

/** Whether shared work waits for a slot or has begun. */
export type TransferState = 'waiting' | 'running'

/** What shared work is given. */
export interface TransferContext<Progress> {
  /** Fires when nobody watches any more; it belongs to the work and to no caller. */
  readonly signal: AbortSignal
  /** Tells every watcher how far the work is; whoever comes later is told the last report at once. */
  report(progress: Progress): void
  /** Gives the slot back before the work ends, for work that needs no slot for its rest; extra calls do nothing. */
  release(): void
}

/** Work that callers share. It should stop soon after its signal fires; its key stays taken until it has stopped. */
export type TransferWork<Progress, Result> = (context: TransferContext<Progress>) => Promise<Result>

/** Options of one watcher. */
export interface WatchOptions<Progress> {
  /** Leaves: the call rejects with `signal.reason` itself at once; the work is cancelled only when nobody else watches. */
  readonly signal?: AbortSignal | undefined
  /** Told every report in order, the last one before the call settles; on joining it is told the latest at once. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Told when the work waits for a slot and when it begins; on joining it is told the present state at once. */
  readonly onState?: ((state: TransferState) => void) | undefined
}

interface Watcher<Progress> {
  readonly options: WatchOptions<Progress>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Lets go of the signal. */
  readonly detach: () => void
}

/** One piece of work with its watchers. It lives while someone watches it. */
export class SharedWork<Progress> {
  readonly #controller = new AbortController()
  readonly #watchers = new Set<Watcher<Progress>>()
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

  /** Joins; settles with the work, or at once when the signal of `options` fires. */
  watch(options: WatchOptions<Progress>): Promise<unknown> {
    const { signal } = options
    const outcome = Promise.withResolvers<unknown>()
    const leave = (): void => {
      if (!this.#watchers.delete(watcher)) return
      watcher.reject(signal?.reason)
      if (this.#watchers.size === 0) this.#controller.abort(signal?.reason)
    }
    const watcher: Watcher<Progress> = {
      options,
      resolve: outcome.resolve,
      reject: outcome.reject,
      detach: () => signal?.removeEventListener('abort', leave),
    }
    this.#watchers.add(watcher)
    signal?.addEventListener('abort', leave, { once: true })
    if (this.#state !== undefined) this.#call(watcher, options.onState, this.#state)
    if (this.#last !== undefined) this.#call(watcher, options.onProgress, this.#last.progress)
    return outcome.promise
  }

  /** Waits for a slot, does the work and settles every watcher; resolves, never rejects, when the work has stopped. */
  async start(work: TransferWork<Progress, unknown>, slots: Slots, onStopped: () => void): Promise<void> {
    let settle: (watcher: Watcher<Progress>) => void
    try {
      const result = await this.#doWork(work, slots)
      settle = (watcher) => watcher.resolve(result)
    } catch (error) {
      settle = (watcher) => watcher.reject(error)
    }
    this.#stopped = true
    onStopped()
    for (const watcher of this.#watchers) {
      watcher.detach()
      settle(watcher)
    }
    this.#watchers.clear()
  }

  async #doWork(work: TransferWork<Progress, unknown>, slots: Slots): Promise<unknown> {
    const { signal } = this.#controller
    if (slots.full) this.#enter('waiting')
    const release = await slots.acquire({ signal })
    try {
      // The last watcher may leave between the moment the slot is granted and this one.
      signal.throwIfAborted()
      this.#enter('running')
      signal.throwIfAborted()
      return await work({ signal, release, report: (progress) => this.#report(progress) })
    } finally {
      release()
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

  /** Callbacks belong to one watcher, so what they throw must reach neither the work nor the other watchers. */
  #call<Event>(watcher: Watcher<Progress>, callback: ((event: Event) => void) | undefined, event: Event): void {
    if (callback === undefined || !this.#watchers.has(watcher)) return
    try {
      callback(event)
    } catch (error) {
      this.#onCallbackError(error)
    }
  }
}
