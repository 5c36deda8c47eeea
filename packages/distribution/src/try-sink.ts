import type { AbortOptions } from '@drayage/bytes'
import { retry as retryWork } from '@drayage/transfer'

import { TransferError } from './errors.ts'
import { isRetryable, retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** Options of {@link trySink}. */
export interface TrySinkOptions extends AbortOptions {
  readonly retry: RetryPolicy
  /** Whether the sink has got further since it was last asked, so that the count of tries starts anew. */
  readonly hasProgressed?: () => boolean
  readonly onRetry: (event: { readonly retry: number; readonly secondsLeft: number; readonly error: unknown }) => void
}

/** Does work on a sink, again after failures of the sink that can pass, as those of a registry may. */
export async function trySink<T>(work: () => Promise<T>, options: TrySinkOptions): Promise<T> {
  const { retry, signal, onRetry, hasProgressed } = options
  return await retryWork(work, {
    attempts: retry.attempts,
    isRetryable: (error) => error instanceof TransferError && error.side === 'sink' && isRetryable(error.cause),
    delayMs: (number, error) => retryDelayMs(retry, number, error instanceof Error ? error.cause : error),
    hasProgressed,
    onRetry,
    signal,
  })
}
