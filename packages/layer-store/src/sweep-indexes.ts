import type { AbortOptions } from '@drayage/bytes'
import type { DiffId } from '@drayage/digest'

import type { LayerIndexes } from './indexes/layer-indexes.ts'
import type { LayerTables } from './records/layer-tables.ts'

/** How many indexes are removed in one transaction, for which others wait. */
const BATCH = 200

/** Removes the indexes that no layer has, as after a kill, and those that processes were writing which have ended. */
export async function sweepIndexes(
  tables: Pick<LayerTables, 'hasDiffId' | 'transaction'>,
  indexes: LayerIndexes,
  options: AbortOptions,
): Promise<void> {
  const { signal } = options
  const unused: DiffId[] = []
  for await (const diffId of indexes.list()) {
    signal?.throwIfAborted()
    if (!tables.hasDiffId(diffId)) unused.push(diffId)
  }
  for (let at = 0; at < unused.length; at += BATCH) {
    signal?.throwIfAborted()
    // Each is looked up again: an index is published in the transaction that adds its record.
    tables.transaction(() => {
      for (const diffId of unused.slice(at, at + BATCH)) if (!tables.hasDiffId(diffId)) indexes.remove(diffId)
    })
  }
  await indexes.removeUnfinished(options)
}
