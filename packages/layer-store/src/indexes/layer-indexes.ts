import type { AbortOptions } from '@drayage/bytes'
import type { DiffId } from '@drayage/digest'

import type { LayerMeasurement, LayerMeasurer } from '../layer-store.ts'
import type { TarFacts } from './index-trailer.ts'
import type { LayerEntry } from './layer-entry.ts'

/** Measures layers, and keeps the indexes of those that are registered. */
export interface LayerIndexes extends LayerMeasurer, AsyncDisposable {
  /** Keeps the measured index as that of its DiffID; gives whether the DiffID has an index now. A faulty tar has none. */
  publish(measurement: LayerMeasurement): boolean
  has(diffId: DiffId): boolean
  /** What the index of a DiffID says of its tar; `undefined` without an index, or with one that does not say it. */
  factsOf(diffId: DiffId): TarFacts | undefined
  remove(diffId: DiffId): void
  /** The DiffIDs that have an index. */
  list(): AsyncIterable<DiffId>
  /** Removes what processes that have ended were writing. */
  removeUnfinished(options: AbortOptions): Promise<void>
  entries(diffId: DiffId, options: AbortOptions): AsyncIterable<LayerEntry>
}
