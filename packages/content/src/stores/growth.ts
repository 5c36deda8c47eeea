import type { AbortOptions } from '@drayage/bytes'

/** How far an ingest has come, for its followers. */
export interface Growth {
  /** Bytes that can be read. */
  readonly bytes: number
  /** From now on this many bytes can be read. */
  advance(bytes: number): void
  /** No more bytes will come. */
  finish(): void
  /** The bytes are gone, or the rest will not come: followers reject with `reason`. */
  fail(reason: unknown): void
  /** Waits until more than `offset` bytes can be read, or no more will come. */
  beyond(offset: number, options?: AbortOptions): Promise<{ readonly bytes: number; readonly finished: boolean }>
}

/** Starts at `bytes`. Stores use it for {@link Followable.follow}. */
export function createGrowth(bytes: number): Growth {
  let state: 'growing' | 'finished' | 'failed' = 'growing'
  let reason: unknown
  let change = Promise.withResolvers<void>()

  const notify = (): void => {
    const { resolve } = change
    change = Promise.withResolvers()
    resolve()
  }
  const end = (next: 'finished' | 'failed'): void => {
    if (state !== 'growing') return
    state = next
    notify()
  }

  return {
    get bytes() {
      return bytes
    },
    advance(reached) {
      bytes = reached
      notify()
    },
    finish: () => end('finished'),
    fail(error) {
      if (state === 'growing') reason = error
      end('failed')
    },
    async beyond(offset, options = {}) {
      for (;;) {
        options.signal?.throwIfAborted()
        if (state === 'failed') throw reason
        if (bytes > offset || state === 'finished') return { bytes, finished: state === 'finished' }
        await settled(change.promise, options.signal)
      }
    },
  }
}

/** Waits for `change` or for the signal, whichever is first. */
function settled(change: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return change
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    void change.then(done)
  })
}
