import { abortable, fromBytes, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { parseDiffId, type DiffId } from '@drayage/digest'

import type { LayerMeasurement, LayerStoreOptions, MeasureOptions } from '../layer-store.ts'
import { createIndexWriter, readIndex } from './index-lines.ts'
import type { LayerEntry } from './layer-entry.ts'
import type { LayerIndexes } from './layer-indexes.ts'
import { measureLayer } from './measure-layer.ts'

/** Indexes in memory; layers are measured in the thread of the caller. */
export class MemoryIndexes implements LayerIndexes {
  readonly #limits: Pick<LayerStoreOptions, 'maxBytes'>
  readonly #measured = new WeakMap<LayerMeasurement, readonly Uint8Array[]>()
  readonly #published = new Map<DiffId, readonly Uint8Array[]>()

  constructor({ maxBytes }: Pick<LayerStoreOptions, 'maxBytes'>) {
    this.#limits = { maxBytes }
  }

  async measure(source: ByteStream, options: MeasureOptions = {}): Promise<LayerMeasurement> {
    const { algorithm = 'sha256', signal } = options
    const index: Uint8Array[] = []
    const writer = createIndexWriter(async (part) => void index.push(new Uint8Array(part)))
    const settings = { ...this.#limits, ownsSource: false, signal, algorithm }
    const { digest, size, fault } = await measureLayer(abortable(source, { signal }), writer, settings)
    await writer.finish()
    const measurement = { diffId: parseDiffId(digest), size, entryCount: writer.count, ...(fault && { fault }) }
    if (fault === undefined) this.#measured.set(measurement, index)
    return measurement
  }

  async discard(measurement: LayerMeasurement): Promise<void> {
    this.#measured.delete(measurement)
  }

  publish(measurement: LayerMeasurement): boolean {
    const index = this.#published.get(measurement.diffId) ?? this.#measured.get(measurement)
    if (index !== undefined) this.#published.set(measurement.diffId, index)
    return index !== undefined
  }

  has(diffId: DiffId): boolean {
    return this.#published.has(diffId)
  }

  factsOf(): undefined {
    // The records in memory are lost with the indexes only.
  }

  remove(diffId: DiffId): void {
    this.#published.delete(diffId)
  }

  async *list(): AsyncIterable<DiffId> {
    yield* [...this.#published.keys()]
  }

  async removeUnfinished(): Promise<void> {
    // They end with their process.
  }

  entries(diffId: DiffId, options: AbortOptions): AsyncIterable<LayerEntry> {
    return readIndex(fromBytes(...(this.#published.get(diffId) ?? [])), options)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
