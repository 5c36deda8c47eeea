import type { AbortOptions } from '@drayage/bytes'

import { TransferError, type TransferOperation } from './errors.ts'

/**
 * Does a step in the sink and tells its failures as those of the sink; trying again is for the caller.
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
