import { isDoubtful, isRetryable } from '@drayage/content'
import { isDigestError } from '@drayage/digest'

import { DOUBT_RETRIES } from '../defaults.ts'

/** Whether a failure is worth another try, as far as the work has come. */
export type FailureJudge = (error: unknown) => boolean

/**
 * Judges the failures of one piece of work. Those that can pass are worth another try, as many as the policy has. An answer
 * that contradicts a digest, or what its place should have, is worth {@link DOUBT_RETRIES}: what stands between may have
 * spoiled it, and a place that is wrong stays wrong.
 */
export function judgeFailures(): FailureJudge {
  let doubts = 0
  return (error) => isRetryable(error) || (isContradiction(error) && doubts++ < DOUBT_RETRIES)
}

/** Whether an answer contradicts the digest that it was asked for by, or is doubtful by itself. */
export function isContradiction(error: unknown): boolean {
  return isDigestError(error) || isDoubtful(error)
}
