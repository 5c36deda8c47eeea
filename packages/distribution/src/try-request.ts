import type { AbortOptions } from '@drayage/bytes'
import { retry as retryWork } from '@drayage/transfer'

import { TransferError, type TransferOperation } from './errors.ts'
import type { OnEvent } from './events.ts'
import { isRetryable, retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** Options of {@link tryRequest}. */
export interface TryRequestOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onEvent: OnEvent
}

/**
 * Asks the source for something small, again after failures that can pass.
 *
 * @param what for messages, such as `manifest sha256:…`
 * @throws TransferError `ERR_TRANSFER` with the last failure as its cause
 */
export async function tryRequest<T>(
  operation: TransferOperation,
  what: string,
  request: () => Promise<T>,
  options: TryRequestOptions,
): Promise<T> {
  const { signal, retry, onEvent } = options
  try {
    return await retryWork(request, {
      attempts: retry.attempts,
      isRetryable,
      delayMs: (number, error) => retryDelayMs(retry, number, error),
      onRetry: ({ secondsLeft, error }) => onEvent({ type: 'retrying', what, secondsLeft, error }),
      signal,
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError('source', operation, what, error)
  }
}
