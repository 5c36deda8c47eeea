import type { Descriptor } from '@drayage/manifest'
import type { TransferRunOptions, TransferManager, TransferWork } from '@drayage/transfer'

import { TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import type { CopyContext } from './context.ts'

/** Options of {@link shareBlob}. */
export interface ShareBlobOptions
  extends Pick<CopyContext, 'transfers' | 'signal'>, Pick<TransferRunOptions<LayerState>, 'needsSlot'> {
  /** Told of each state. */
  readonly tell: (state: LayerState) => void
}

/**
 * Brings a blob to a place once for all who want it there at the same time, and reports its states to each of them. When
 * the source of another fails, one's own may still have it.
 */
export async function shareBlob<T>(
  place: object,
  blob: Descriptor,
  { transfers, signal, needsSlot, tell }: ShareBlobOptions,
  work: TransferWork<LayerState, T>,
): Promise<T> {
  let isOwn = false
  const own: TransferWork<LayerState, T> = async (context) => {
    isOwn = true
    return await work(context)
  }
  const runIn = async (scope: TransferManager<LayerState>): Promise<T> =>
    await scope.run(`${blob.digest} ${blob.size}`, own, {
      signal,
      needsSlot,
      onProgress: tell,
      onState: (state) => state === 'waiting' && tell({ state: 'waiting' }),
    })
  try {
    return await runIn(transfers.scope(place))
  } catch (error) {
    signal?.throwIfAborted()
    if (isOwn || !(error instanceof TransferError && error.side === 'source')) throw error
    return await runIn(transfers.scope({}))
  }
}
