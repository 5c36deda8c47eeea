import { describe, expect, test } from 'vitest'

import { DEFAULT_ATTEMPTS, defaultRetryDelayMs, retry, sleep, type RetryEvent, type Sleep } from './index.ts'

/** A clock that moves only while somebody sleeps. */
function fakeClock(): { readonly now: () => number; readonly sleep: Sleep; readonly sleeps: number[] } {
  let time = 0
  const sleeps: number[] = []
  return {
    now: () => time,
    sleeps,
    sleep: async (ms, options) => {
      options?.signal?.throwIfAborted()
      sleeps.push(ms)
      time += ms
    },
  }
}

const isRetryable = (): boolean => true

describe('retry()', () => {
  test('returns the result of the first try that succeeds', async () => {
    const attempts: number[] = []
    const work = async ({ attempt }: { readonly attempt: number }): Promise<string> => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('not yet')
      return 'done'
    }
    expect(await retry(work, { isRetryable, ...fakeClock() })).toBe('done')
    expect(attempts).toEqual([1, 2, 3])
  })

  test('makes exactly five tries by default and rejects with the last error itself', async () => {
    const errors: Error[] = []
    const work = async (): Promise<never> => {
      const error = new Error(`try ${errors.length + 1}`)
      errors.push(error)
      throw error
    }
    const clock = fakeClock()
    const outcome = await retry(work, { isRetryable, ...clock }).catch((error: unknown) => error)
    expect(DEFAULT_ATTEMPTS).toBe(5)
    expect(errors).toHaveLength(5)
    expect(outcome).toBe(errors[4])
    expect(clock.now()).toBe(5000 + 10_000 + 15_000 + 20_000)
  })

  test('counts each delay down second by second', async () => {
    const events: RetryEvent[] = []
    const error = new Error('no')
    const work = async (): Promise<never> => Promise.reject(error)
    const onRetry = (event: RetryEvent): void => void events.push(event)
    await expect(retry(work, { isRetryable, attempts: 3, onRetry, ...fakeClock() })).rejects.toBe(error)
    expect(events.map((event) => [event.retry, event.secondsLeft])).toEqual([
      ...[5, 4, 3, 2, 1].map((left) => [1, left]),
      ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((left) => [2, left]),
    ])
    expect(events[0]).toEqual({ retry: 1, attempts: 3, secondsLeft: 5, error })
  })

  test('rounds a delay up to whole seconds, waits the fraction first and reports an immediate retry too', async () => {
    const left: number[] = []
    const clock = fakeClock()
    const delays = [2500, 0]
    const options = { isRetryable, attempts: 3, delayMs: () => delays.shift() ?? 0, ...clock }
    const onRetry = (event: RetryEvent): void => void left.push(event.secondsLeft)
    await expect(retry(() => Promise.reject(new Error('no')), { ...options, onRetry })).rejects.toThrow('no')
    expect(left).toEqual([3, 2, 1, 0])
    expect(clock.sleeps).toEqual([500, 1000, 1000])
  })

  test('shows no second twice when a timer fires early and skips seconds when it fires late', async () => {
    const run = async (drift: number): Promise<number[]> => {
      const left: number[] = []
      let time = 0
      const options = {
        isRetryable,
        attempts: 2,
        now: () => time,
        sleep: async (ms: number): Promise<void> => void (time += ms + drift),
        onRetry: (event: RetryEvent): void => void left.push(event.secondsLeft),
      }
      await expect(retry(() => Promise.reject(new Error('no')), options)).rejects.toThrow('no')
      return left
    }
    expect(await run(-1)).toEqual([5, 4, 3, 2, 1])
    expect(await run(2500)).toEqual([5, 2])
  })

  test('asks delayMs about the error, so that retryAfterMs can be followed', async () => {
    const clock = fakeClock()
    const error = Object.assign(new Error('slow down'), { retryAfterMs: 7000 })
    const delayMs = (count: number, failure: unknown): number =>
      failure instanceof Error && 'retryAfterMs' in failure && typeof failure.retryAfterMs === 'number'
        ? failure.retryAfterMs
        : defaultRetryDelayMs(count)
    await expect(retry(() => Promise.reject(error), { isRetryable, attempts: 2, delayMs, ...clock })).rejects.toBe(
      error,
    )
    expect(clock.now()).toBe(7000)
    expect([1, 2, 3].map(defaultRetryDelayMs)).toEqual([5000, 10_000, 15_000])
  })

  test('does not try again after an error that is not retryable', async () => {
    let tries = 0
    const error = new Error('denied')
    const work = async (): Promise<never> => {
      tries++
      throw error
    }
    const options = { isRetryable: (failure: unknown) => failure !== error, ...fakeClock() }
    await expect(retry(work, options)).rejects.toBe(error)
    expect(tries).toBe(1)
  })

  test('rejects with the reason of its signal during a delay', async () => {
    const controller = new AbortController()
    const reason = new Error('stop')
    let tries = 0
    const work = async (): Promise<never> => {
      tries++
      throw new Error('no')
    }
    const onRetry = (event: RetryEvent): void => {
      if (event.secondsLeft === 3) controller.abort(reason)
    }
    const clock = fakeClock()
    const options = { isRetryable, onRetry, signal: controller.signal, ...clock }
    await expect(retry(work, options)).rejects.toBe(reason)
    expect(tries).toBe(1)
    expect(clock.now()).toBe(2000)
  })

  test('rejects with the reason of its signal before and during a try', async () => {
    const reason = new Error('stop')
    const never = (): Promise<never> => Promise.reject(new Error('was called'))
    await expect(retry(never, { isRetryable, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const work = async ({ signal }: { readonly signal: AbortSignal | undefined }): Promise<never> => {
      expect(signal).toBe(controller.signal)
      controller.abort(reason)
      throw new Error('cut')
    }
    await expect(retry(work, { isRetryable, signal: controller.signal })).rejects.toBe(reason)
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('rejects %j attempts', async (attempts) => {
    await expect(retry(async () => 1, { isRetryable, attempts })).rejects.toThrow(RangeError)
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('rejects a delay of %j', async (delay) => {
    const work = (): Promise<never> => Promise.reject(new Error('no'))
    await expect(retry(work, { isRetryable, delayMs: () => delay })).rejects.toThrow(RangeError)
  })

  test('waits on the timer and clock of the platform by default', async () => {
    let tries = 0
    const work = async (): Promise<number> => {
      if (++tries < 3) throw new Error('no')
      return tries
    }
    expect(await retry(work, { isRetryable, delayMs: () => 5 })).toBe(3)
  })
})

describe('sleep()', () => {
  test('waits', async () => {
    await expect(sleep(1)).resolves.toBeUndefined()
  })

  test('rejects with the reason of its signal at once', async () => {
    const reason = new Error('stop')
    await expect(sleep(3_600_000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const sleeping = sleep(3_600_000, { signal: controller.signal })
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
  })
})
