import type { ChainId, DiffId, Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { LayerRecord, TarFault } from '../layer-store.ts'
import type { KnownBlob, LayerTables } from './layer-tables.ts'

/** The records of layers in memory. */
export class MemoryLayerTables implements LayerTables {
  readonly #layers = new Map<ChainId, LayerRecord>()
  readonly #holders = new Map<ChainId, Set<string>>()
  readonly #blobs = new Map<Digest, KnownBlob[]>()
  readonly #faults = new Map<DiffId, TarFault>()

  /** Nothing has to be undone: all checks come before the first change. */
  transaction<T>(work: () => T): T {
    return work()
  }

  layer(chainId: ChainId): LayerRecord | undefined {
    const layer = this.#layers.get(chainId)
    return layer && this.#withFault(layer)
  }

  addLayer(layer: LayerRecord): void {
    this.#layers.set(layer.chainId, layer)
  }

  removeLayer(chainId: ChainId): void {
    this.#layers.delete(chainId)
    this.#holders.delete(chainId)
  }

  hasDiffId(diffId: DiffId): boolean {
    return [...this.#layers.values()].some((layer) => layer.diffId === diffId)
  }

  heldBy(holder: string): ChainId[] {
    return [...this.#holders].filter(([, holders]) => holders.has(holder)).map(([chainId]) => chainId)
  }

  isUsed(chainId: ChainId): boolean {
    return this.#holders.has(chainId) || [...this.#layers.values()].some(({ parent }) => parent === chainId)
  }

  addHolder(chainId: ChainId, holder: string): void {
    this.#holders.set(chainId, (this.#holders.get(chainId) ?? new Set()).add(holder))
  }

  removeHolder(holder: string): void {
    for (const [chainId, holders] of this.#holders) {
      if (holders.delete(holder) && holders.size === 0) this.#holders.delete(chainId)
    }
  }

  holders(): string[] {
    return [...new Set([...this.#holders.values()].flatMap((each) => [...each]))]
  }

  knownBlobs(digest: Digest): KnownBlob[] {
    return this.#blobs.get(digest) ?? []
  }

  blobsOf(diffId: DiffId): Descriptor[] {
    return [...this.#blobs.values()]
      .flat()
      .filter((known) => known.diffId === diffId)
      .map(({ blob }) => blob)
  }

  addBlob(known: KnownBlob): void {
    const before = this.knownBlobs(known.blob.digest)
    if (before.every(({ diffId }) => diffId !== known.diffId)) this.#blobs.set(known.blob.digest, [...before, known])
  }

  addFault(diffId: DiffId, fault: TarFault): void {
    this.#faults.set(diffId, fault)
  }

  removeDiffId(diffId: DiffId): void {
    this.#faults.delete(diffId)
    for (const [digest, known] of this.#blobs) {
      const others = known.filter((each) => each.diffId !== diffId)
      if (others.length > 0) this.#blobs.set(digest, others)
      else this.#blobs.delete(digest)
    }
  }

  #withFault(layer: LayerRecord): LayerRecord {
    const fault = this.#faults.get(layer.diffId)
    return fault === undefined ? layer : { ...layer, fault }
  }
}
