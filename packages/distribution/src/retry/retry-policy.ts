import type { PortFailure } from '@drayage/content'

import {
  DEFAULT_DOWNLOAD_ATTEMPTS,
  DEFAULT_RETRY_STEP_MS,
  MAX_QUESTION_STEP_MS,
  MAX_SMALL_STEP_MS,
} from '../defaults.ts'
import { isContradiction } from './judge-failures.ts'

/** How failed requests are tried again. */
export interface RetryPolicy {
  /** Tries without progress in between, the first one included. */
  readonly attempts: number
  /** Added to the wait before each further try, in milliseconds; a registry's `Retry-After` lengthens it. */
  readonly stepMs: number
  /** Whether the wait is doubled instead, from `stepMs` on; `false` by default. */
  readonly isDoubled?: boolean
}

/**
 * Five tries with waits of 5, 10, 15 and 20 s, as Docker Engine has them. Questions that come before a transfer wait no
 * more than 0.5, 1, 1.5 and 2 s, and small content no more than 0.25, 0.5, 1 and 2 s, whatever the policy.
 */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: DEFAULT_DOWNLOAD_ATTEMPTS,
  stepMs: DEFAULT_RETRY_STEP_MS,
}

/** The policy of a question that comes before any transfer: as many tries, with waits of at most 0.5, 1, 1.5 and 2 s. */
export function forQuestions(policy: RetryPolicy): RetryPolicy {
  return { ...policy, stepMs: Math.min(policy.stepMs, MAX_QUESTION_STEP_MS) }
}

/** The policy of small content, such as a config: as many tries, with waits of at most 0.25, 0.5, 1 and 2 s. */
export function forSmallContent(policy: RetryPolicy): RetryPolicy {
  return { ...policy, stepMs: Math.min(policy.stepMs, MAX_SMALL_STEP_MS), isDoubled: true }
}

/** The wait before retry number `retry` (from 1), in milliseconds. */
export function retryDelayMs(policy: RetryPolicy, retry: number, error: unknown): number {
  const asked = error instanceof Error ? (error as PortFailure).retryAfterMs : undefined
  // Nothing is to be waited for: what failed was set right, and only a repeated failure is a reason to wait.
  if (asked === 0) return waitMs(policy, retry - 1)
  // What was wrong, not busy, needs no time to recover.
  if (isContradiction(error)) return forQuestions(policy).stepMs * retry
  return Math.max(waitMs(policy, retry), asked ?? 0)
}

function waitMs({ stepMs, isDoubled = false }: RetryPolicy, retry: number): number {
  if (retry === 0) return 0
  return stepMs * (isDoubled ? 2 ** (retry - 1) : retry)
}
