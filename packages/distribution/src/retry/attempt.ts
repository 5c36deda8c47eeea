import type { AbortOptions } from '@drayage/bytes'
import { isContentError, isRetryable, maybeAbsent, type Checker } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import { retry as retryWork } from '@drayage/transfer'

import { TransferError, type TransferOperation } from '../errors.ts'
import type { OnEvent } from '../events.ts'
import { judgeFailures } from './judge-failures.ts'
import { retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** What every step of a transfer needs: its signal, how it is tried again, and who hears of that. */
export interface AttemptContext extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onEvent: OnEvent
}

/**
 * Makes a request, again after failures that can pass, and reports the waits. Rejects with the last failure itself.
 *
 * @param what for messages, such as `the tags of "alpine"`
 */
export async function retrying<T>(
  what: string,
  request: () => Promise<T>,
  { retry, onEvent, signal }: AttemptContext,
): Promise<T> {
  const judge = judgeFailures()
  return await retryWork(request, {
    attempts: retry.attempts,
    // What a sink says of what it was given is not in doubt.
    isRetryable: (error) => (isOfSink(error) ? isRetryable(error.cause) : judge(error)),
    delayMs: (number, error) => retryDelayMs(retry, number, causeInSink(error)),
    onRetry: ({ secondsLeft, error }) => onEvent({ type: 'retrying', what, secondsLeft, error }),
    signal,
  })
}

/**
 * Asks the source for something small, again after failures that can pass.
 *
 * @param what for messages, such as `manifest sha256:…`
 * @throws TransferError `ERR_TRANSFER` with side `source` and the last failure as its cause
 */
export async function atSource<T>(
  operation: TransferOperation,
  what: string,
  request: () => Promise<T>,
  context: AttemptContext,
): Promise<T> {
  try {
    return await retrying(what, request, context)
  } catch (error) {
    context.signal?.throwIfAborted()
    throw error instanceof TransferError ? error : new TransferError('source', operation, what, error)
  }
}

/**
 * Does a step in the sink, once.
 *
 * @throws TransferError `ERR_TRANSFER` with side `sink`
 */
export async function inSink<T>(
  operation: TransferOperation,
  what: string,
  step: () => Promise<T>,
  { signal }: AbortOptions,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError('sink', operation, what, error)
  }
}

/**
 * Does a small step in the sink, again after failures that can pass.
 *
 * @throws TransferError `ERR_TRANSFER` with side `sink`
 */
export async function atSink<T>(
  operation: TransferOperation,
  what: string,
  step: () => Promise<T>,
  context: AttemptContext,
): Promise<T> {
  return await retrying(what, () => inSink(operation, what, step, context), context)
}

/** What a failed step in a sink failed with; any other error is the failure itself. */
export function causeInSink(error: unknown): unknown {
  return isOfSink(error) ? error.cause : error
}

function isOfSink(error: unknown): error is TransferError {
  return error instanceof TransferError && error.side === 'sink'
}

/** Whether a sink says that it has content; a sink that denies the look is written to, and its answer to that counts. */
export async function hasInSink(sink: Checker, what: Descriptor, { signal }: AbortOptions): Promise<boolean> {
  try {
    return await sink.has(what, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (!maybeAbsent(error)) throw error
    return false
  }
}

/** Whether a source does not have what was asked for. */
export function isUnknownContent(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isContentError(at) && at.code === 'ERR_CONTENT_NOT_FOUND') return true
  }
  return false
}
