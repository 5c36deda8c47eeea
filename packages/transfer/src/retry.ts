import { countDown } from './count-down.ts'
import type { Sleep } from './sleep.ts'

/** How many tries {@link retry} makes by default, the first included, as Docker Engine does. */
export const DEFAULT_ATTEMPTS: number = 5

/** The default delay before the given retry, which counts from 1: 5 s more each time, as Docker Engine waits. */
export function defaultRetryDelayMs(retry: number): number {
  return retry * 5000
}

/** The argument of {@link RetryOptions.onRetry}. */
export interface RetryEvent {
  /** The number of the next retry, from 1. */
  readonly retry: number
  /** How many tries there are, the first included. */
  readonly attempts: number
  /** Whole seconds until the retry; 0 when it follows at once. */
  readonly secondsLeft: number
  /** The error of the last try. */
  readonly error: unknown
}

/** The present try, for the work of {@link retry}. */
export interface Attempt {
  /** Which try this is, from 1. */
  readonly attempt: number
  /** The signal that was given to {@link retry}. */
  readonly signal: AbortSignal | undefined
}

/** Options of {@link retry}. */
export interface RetryOptions {
  /** Whether another try can help; called only while tries are left. */
  readonly isRetryable: (error: unknown) => boolean
  /** Tries in all, the first included. {@link DEFAULT_ATTEMPTS} by default. */
  readonly attempts?: number | undefined
  /**
   * How long to wait before the given retry, in milliseconds; `retry` counts from 1, and `error` is that of the last try,
   * whose `retryAfterMs` can be followed. {@link defaultRetryDelayMs} by default.
   */
  readonly delayMs?: ((retry: number, error: unknown) => number) | undefined
  /**
   * Called after each failure: `true` restarts the count of tries, for work that made progress. Without it every failure
   * counts.
   */
  readonly hasProgressed?: (() => boolean) | undefined
  /** Called at the start of each delay and then once a second with fewer seconds left. What it throws ends the retrying. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined
  /** Ends the delay and the retrying; the call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
  /** How to wait. `sleep` by default. */
  readonly sleep?: Sleep | undefined
  /** The time in milliseconds from any origin, never running backwards. `performance.now` by default. */
  readonly now?: (() => number) | undefined
}

/**
 * Runs `work` until it succeeds, at most `attempts` times, counting down the delay in between. Rejects with the error of the
 * last try itself.
 *
 * @throws RangeError when `attempts` is not an integer of at least 1 or a delay is not a finite number of at least 0
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { retry } from '@drayage/transfer'
 *
 * let tries = 0
 * const flaky = async () => (++tries < 3 ? Promise.reject(new Error('reset')) : 'content')
 * assert.equal(await retry(flaky, { isRetryable: () => true, delayMs: () => 1 }), 'content')
 * ```
 */
export async function retry<Result>(
  work: (attempt: Attempt) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { attempts = DEFAULT_ATTEMPTS, delayMs = defaultRetryDelayMs, isRetryable, signal } = options
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    throw new RangeError(`Cannot retry the work: attempts is ${attempts}, expected an integer of at least 1`)
  }
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      return await work({ attempt, signal })
    } catch (error) {
      signal?.throwIfAborted()
      if (options.hasProgressed?.() === true) attempt = 1
      if (attempt >= attempts || !isRetryable(error)) throw error
      const about = { retry: attempt, attempts, error }
      await countDown(delayMs(attempt, error), {
        signal,
        sleep: options.sleep,
        now: options.now,
        onTick: (secondsLeft) => options.onRetry?.({ ...about, secondsLeft }),
      })
    }
  }
}
