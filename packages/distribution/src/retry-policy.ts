import { DEFAULT_DOWNLOAD_ATTEMPTS, DEFAULT_RETRY_STEP_MS, MAX_QUESTION_STEP_MS } from './defaults.ts'

/** How failed requests are tried again. */
export interface RetryPolicy {
  /** Tries without progress in between, the first one included. */
  readonly attempts: number
  /** Added to the wait before each further try, in milliseconds; a registry's `Retry-After` lengthens it. */
  readonly stepMs: number
}

/**
 * Five tries with waits of 5, 10, 15 and 20 s, as Docker Engine has them. Questions that come before a transfer wait no
 * more than 0.5, 1, 1.5 and 2 s, whatever the policy.
 */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: DEFAULT_DOWNLOAD_ATTEMPTS,
  stepMs: DEFAULT_RETRY_STEP_MS,
}

/** The policy of a question that comes before any transfer: as many tries, with waits of at most 0.5, 1, 1.5 and 2 s. */
export function forQuestions(policy: RetryPolicy): RetryPolicy {
  return { ...policy, stepMs: Math.min(policy.stepMs, MAX_QUESTION_STEP_MS) }
}

/** Whether an error says of itself that the same request can succeed later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true
}

/** The wait before retry number `retry` (from 1), in milliseconds. */
export function retryDelayMs(policy: RetryPolicy, retry: number, error: unknown): number {
  const asked = error instanceof Error && 'retryAfterMs' in error ? error.retryAfterMs : undefined
  // Nothing is to be waited for: what failed was set right, and only a repeated failure is a reason to wait.
  if (asked === 0) return policy.stepMs * (retry - 1)
  return Math.max(policy.stepMs * retry, typeof asked === 'number' ? asked : 0)
}
