import { expect, test } from 'vitest'

import { DEFAULT_RETRY_POLICY, isRetryable } from './index.ts'
import { forQuestions, retryDelayMs } from './retry-policy.ts'

test('the default policy is five tries with waits of 5, 10, 15 and 20 s', () => {
  expect(DEFAULT_RETRY_POLICY.attempts).toBe(5)
  const waits = [1, 2, 3, 4].map((retry) => retryDelayMs(DEFAULT_RETRY_POLICY, retry, new Error('x')))
  expect(waits).toEqual([5000, 10_000, 15_000, 20_000])
})

test('F01 a question before a transfer is asked as often, with short waits, and never with longer ones', () => {
  const waits = [1, 2, 3, 4].map((retry) => retryDelayMs(forQuestions(DEFAULT_RETRY_POLICY), retry, new Error('x')))
  expect(waits).toEqual([500, 1000, 1500, 2000])
  expect(forQuestions({ attempts: 2, stepMs: 10 })).toEqual({ attempts: 2, stepMs: 10 })
})

test('F10 a Retry-After lengthens the wait and never shortens it', () => {
  const asked = (retryAfterMs: number): Error => Object.assign(new Error('x'), { retryAfterMs })
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 1, asked(60_000))).toBe(60_000)
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 1, asked(10))).toBe(5000)
})

test('isRetryable() goes by what the error says of itself', () => {
  expect(isRetryable(Object.assign(new Error('x'), { retryable: true }))).toBe(true)
  expect(isRetryable(Object.assign(new Error('x'), { retryable: false }))).toBe(false)
  expect([new Error('x'), { retryable: true }, undefined].map(isRetryable)).toEqual([false, false, false])
})
