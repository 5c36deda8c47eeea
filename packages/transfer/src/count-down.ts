import { sleep as sleepOnTimer, type Sleep } from './sleep.ts'

/** Options of {@link countDown}. */
export interface CountDownOptions {
  /** Called with the whole seconds left: at the start, with 0 when there is no delay, and then once a second. */
  readonly onTick?: ((secondsLeft: number) => void) | undefined
  /** Ends the delay; the call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
  /** How to wait. `sleep` by default. */
  readonly sleep?: Sleep | undefined
  /** The time in milliseconds from any origin, never running backwards. `performance.now` by default. */
  readonly now?: (() => number) | undefined
}

/**
 * Waits `delayMs` in steps of at most one second, and reports how many seconds are left.
 *
 * @throws RangeError when `delayMs` is not a finite number of at least 0
 */
export async function countDown(delayMs: number, options: CountDownOptions = {}): Promise<void> {
  const { now = () => performance.now(), onTick, signal, sleep = sleepOnTimer } = options
  if (!Number.isFinite(delayMs) || delayMs < 0) {
    throw new RangeError(`Cannot wait: the delay is ${delayMs} ms, expected a finite number of at least 0`)
  }
  const end = now() + delayMs
  let secondsLeft = Math.ceil(delayMs / 1000)
  onTick?.(secondsLeft)
  while (secondsLeft > 0) {
    const untilNextSecond = end - now() - (secondsLeft - 1) * 1000
    await sleep(Math.min(1000, Math.max(0, untilNextSecond)), { signal })
    signal?.throwIfAborted()
    // A timer may fire a little early, so a second is never shown twice; one that fires late skips seconds.
    secondsLeft = Math.min(secondsLeft - 1, Math.ceil((end - now()) / 1000))
    if (secondsLeft > 0) onTick?.(secondsLeft)
  }
}
