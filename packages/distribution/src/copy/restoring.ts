import { problemOf } from '@drayage/content'
import { retry as retryWork } from '@drayage/transfer'

import { RESTORE_TRIES } from '../defaults.ts'
import { TransferError } from '../errors.ts'
import { causeInSink, type AttemptContext } from '../retry/attempt.ts'
import { forQuestions, retryDelayMs } from '../retry/retry-policy.ts'

/**
 * Does work that needs parts in the sink. When the sink then says that it lacks one, which it had or was given before, the
 * parts are restored and the work is done again: at once, and then with short waits, {@link RESTORE_TRIES} times. Others
 * who write the same parts may keep a registry from seeing them for a moment.
 *
 * @param what for messages, such as `manifest sha256:…`
 * @param restore brings the parts that are missing
 */
export async function restoring(
  what: string,
  work: () => Promise<void>,
  restore: () => Promise<void>,
  { retry, onEvent, signal }: AttemptContext,
): Promise<void> {
  await retryWork(
    async ({ attempt }) => {
      if (attempt > 1) await restore()
      await work()
    },
    {
      attempts: 1 + RESTORE_TRIES,
      isRetryable: (error) =>
        error instanceof TransferError && error.side === 'sink' && problemOf(error) === 'part-unknown',
      delayMs: (number, error) => retryDelayMs(forQuestions(retry), number - 1, causeInSink(error)),
      onRetry: ({ secondsLeft, error }) => {
        if (secondsLeft > 0) onEvent({ type: 'retrying', what, secondsLeft, error })
      },
      signal,
    },
  )
}
