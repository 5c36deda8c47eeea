import type { ChainId, DiffId, Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { LayerRecord, TarFault } from '../layer-store.ts'

/** A blob and the tar in it. */
export interface KnownBlob {
  readonly blob: Descriptor
  readonly diffId: DiffId
  readonly size: number
  readonly entryCount: number
}

/** Where the records of layers are kept; callers wrap what belongs together in a transaction. */
export interface LayerTables {
  transaction<T>(work: () => T): T
  layer(chainId: ChainId): LayerRecord | undefined
  addLayer(layer: LayerRecord): void
  removeLayer(chainId: ChainId): void
  hasDiffId(diffId: DiffId): boolean
  /** The layers that somebody holds. */
  heldBy(holder: string): ChainId[]
  /** Whether a layer has a holder or a layer on top. */
  isUsed(chainId: ChainId): boolean
  addHolder(chainId: ChainId, holder: string): void
  removeHolder(holder: string): void
  holders(): string[]
  /** The tars in a blob: one for each hash of a DiffID. */
  knownBlobs(digest: Digest): KnownBlob[]
  blobsOf(diffId: DiffId): Descriptor[]
  addBlob(known: KnownBlob): void
  /** Says why the tar of a DiffID has no index; records of its layers tell. */
  addFault(diffId: DiffId, fault: TarFault): void
  /** Forgets the blobs and the fault of a DiffID. */
  removeDiffId(diffId: DiffId): void
}
