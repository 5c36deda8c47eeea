import { expect, test } from 'vitest'

import { DEFAULT_RETRY_POLICY } from '../index.ts'
import { forQuestions, forSmallContent, retryDelayMs } from './retry-policy.ts'

test('the default policy is five tries with waits of 5, 10, 15 and 20 s', () => {
  expect(DEFAULT_RETRY_POLICY.attempts).toBe(5)
  const waits = [1, 2, 3, 4].map((retry) => retryDelayMs(DEFAULT_RETRY_POLICY, retry, new Error('x')))
  expect(waits).toEqual([5000, 10_000, 15_000, 20_000])
})

test('a request before a transfer is retried as often, with short waits', () => {
  const waits = [1, 2, 3, 4].map((retry) => retryDelayMs(forQuestions(DEFAULT_RETRY_POLICY), retry, new Error('x')))
  expect(waits).toEqual([500, 1000, 1500, 2000])
  expect(forQuestions({ attempts: 2, stepMs: 10 })).toEqual({ attempts: 2, stepMs: 10 })
})

test('small content is retried as often, with waits that are doubled from 250 ms', () => {
  const waits = [1, 2, 3, 4].map((retry) => retryDelayMs(forSmallContent(DEFAULT_RETRY_POLICY), retry, new Error('x')))
  expect(waits).toEqual([250, 500, 1000, 2000])
  const atOnce = Object.assign(new Error('x'), { retryAfterMs: 0 })
  expect([1, 2, 3].map((retry) => retryDelayMs(forSmallContent(DEFAULT_RETRY_POLICY), retry, atOnce))).toEqual([
    0, 250, 500,
  ])
})

test('a Retry-After lengthens the wait and never shortens it', () => {
  const asked = (retryAfterMs: number): Error => Object.assign(new Error('x'), { retryAfterMs })
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 1, asked(60_000))).toBe(60_000)
  expect(retryDelayMs(DEFAULT_RETRY_POLICY, 1, asked(10))).toBe(5000)
})
