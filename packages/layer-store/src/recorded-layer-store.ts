import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createInflater, defaultWorkers, isCompressionError, type Inflater } from '@drayage/compression'
import { verifyBlob, type Checker, type Fetcher } from '@drayage/content'
import { chainId as chainIdOf, digestAlgorithm, type ChainId, type DiffId, type Digest } from '@drayage/digest'
import { isMissing } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import {
  DiffIdMismatchError,
  LayerCorruptError,
  LayerDepthError,
  LayerNotFoundError,
  LayerTarError,
  LayerUnmeasuredError,
} from './errors.ts'
import type { LayerIndexes } from './indexes/layer-indexes.ts'
import type { LayerMeasurement, LayerRecord } from './layer-store.ts'
import {
  MAX_LAYER_DEPTH,
  type FindOptions,
  type HasIndexOptions,
  type LayerStore,
  type MeasureOptions,
  type RegisterOptions,
  type Released,
} from './layer-store.ts'
import type { KnownBlob, LayerTables } from './records/layer-tables.ts'
import { sweepIndexes } from './sweep-indexes.ts'
import type { LayerEntry } from './indexes/layer-entry.ts'

/** What a layer store is made of. */
export interface RecordedLayerStoreParts {
  readonly content: Fetcher & Checker
  readonly tables: LayerTables
  readonly indexes: LayerIndexes
  /** Most layers inflated at a time; one per processor by default, and at least 2. */
  readonly workers?: number | undefined
}

/** A layer store over the records of layers and their indexes. */
export class RecordedLayerStore implements LayerStore {
  readonly #content: Fetcher & Checker
  readonly #tables: LayerTables
  readonly #indexes: LayerIndexes
  readonly #inflater: Inflater

  constructor({ content, tables, indexes, workers = defaultWorkers() }: RecordedLayerStoreParts) {
    this.#content = content
    this.#tables = tables
    this.#indexes = indexes
    this.#inflater = createInflater({ workers })
  }

  measure(source: ByteStream, options: MeasureOptions = {}): Promise<LayerMeasurement> {
    return this.#indexes.measure(source, options)
  }

  discard(measurement: LayerMeasurement): Promise<void> {
    return this.#indexes.discard(measurement)
  }

  async register(
    layer: Descriptor,
    measurement: LayerMeasurement | undefined,
    options: RegisterOptions,
  ): Promise<LayerRecord> {
    options.signal?.throwIfAborted()
    try {
      return this.#tables.transaction(() => this.#register(layer, measurement, options))
    } catch (error) {
      if (measurement !== undefined) await this.discard(measurement)
      throw error
    }
  }

  async hold(chainId: ChainId, holder: string): Promise<LayerRecord> {
    return this.#tables.transaction(() => {
      const record = this.#require(chainId)
      this.#tables.addHolder(chainId, holder)
      return record
    })
  }

  async restore(layer: Descriptor, { signal, ...options }: RegisterOptions): Promise<LayerRecord | undefined> {
    signal?.throwIfAborted()
    return this.#tables.transaction(() => {
      const { diffId } = options
      const facts =
        this.#tables.knownBlobs(layer.digest).find((each) => each.diffId === diffId) ?? this.#indexes.factsOf(diffId)
      if (facts === undefined) return undefined
      return this.#add(knownFrom(layer, { diffId, size: facts.size, entryCount: facts.entryCount }), options)
    })
  }

  async retain(holders: ReadonlySet<string>, { signal }: AbortOptions = {}): Promise<void> {
    for (const holder of this.#tables.holders()) {
      signal?.throwIfAborted()
      if (!holders.has(holder)) await this.release(holder)
    }
  }

  async release(holder: string): Promise<Released> {
    const [released = { layers: [], blobs: [] }] = await this.releaseAll([holder])
    return released
  }

  async releaseAll(holders: readonly string[]): Promise<readonly Released[]> {
    if (holders.length === 0) return []
    const all = this.#tables.transaction(() => holders.map((holder) => this.#release(holder)))
    const diffIds = all.flatMap(({ layers }) => layers.map(({ diffId }) => diffId))
    // Only once the records are gone for good: a transaction that fails keeps the layers, which need their indexes.
    this.#tables.transaction(() => {
      for (const diffId of diffIds) if (!this.#tables.hasDiffId(diffId)) this.#indexes.remove(diffId)
    })
    return all
  }

  async sweep(options: AbortOptions = {}): Promise<void> {
    await sweepIndexes(this.#tables, this.#indexes, options)
  }

  async find(blob: Digest, options: FindOptions = {}): Promise<DiffId | undefined> {
    const { algorithm } = options
    const known = this.#tables
      .knownBlobs(blob)
      .find(({ diffId }) => algorithm === undefined || digestAlgorithm(diffId) === algorithm)
    if (known === undefined || !(await this.#content.has(known.blob, options))) return undefined
    return known.diffId
  }

  async get(chainId: ChainId): Promise<LayerRecord | undefined> {
    return this.#tables.layer(chainId)
  }

  async *openTar(chainId: ChainId, options: AbortOptions = {}): ByteStream {
    const { signal } = options
    const record = this.#require(chainId)
    const blob = await this.#presentBlob(record, { signal })
    const { stream, result } = this.#inflater.inflate(this.#content.fetch(blob, { signal }), {
      signal,
      algorithm: digestAlgorithm(record.diffId),
      maxBytes: Math.max(1, record.size),
    })
    try {
      yield* stream
    } catch (error) {
      if (!isCompressionError(error)) throw error
      // The store notices that the blob went bad when it is read to its end.
      await verifyBlob(this.#content, blob, { signal })
      throw new LayerCorruptError(chainId, 'its blob does not inflate', `${record.size} bytes`, { cause: error })
    }
    const { digest } = await result
    if (digest !== (record.diffId as string))
      throw new LayerCorruptError(chainId, `its DiffID is ${digest}`, record.diffId)
  }

  async hasIndex(chainId: ChainId, { deep = false, signal }: HasIndexOptions = {}): Promise<boolean> {
    const { diffId, entryCount, fault } = this.#require(chainId)
    if (fault !== undefined) return true
    if (!this.#indexes.has(diffId) || !deep) return this.#indexes.has(diffId)
    let count = 0
    try {
      for await (const _ of this.#indexes.entries(diffId, { signal })) count += 1
    } catch {
      signal?.throwIfAborted()
      return false
    }
    return count === entryCount
  }

  async indexAgain(chainId: ChainId, options: AbortOptions = {}): Promise<void> {
    const record = this.#require(chainId)
    this.#indexes.remove(record.diffId)
    await this.#indexAgain(record, options)
  }

  async *entries(chainId: ChainId, options: AbortOptions = {}): AsyncIterable<LayerEntry> {
    const record = this.#require(chainId)
    if (record.fault !== undefined) throw new LayerTarError(record.fault.found, record.fault.offset)
    let count = 0
    try {
      for await (const entry of this.#indexes.entries(record.diffId, options)) {
        yield entry
        count += 1
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isIndexFault(error)) throw error
    }
    if (count === record.entryCount) return
    // It is lost, or torn by a power cut.
    await this.indexAgain(chainId, options)
    for await (const entry of this.#indexes.entries(record.diffId, options)) if (count-- <= 0) yield entry
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#indexes[Symbol.asyncDispose](), this.#inflater[Symbol.asyncDispose]()])
  }

  #register(layer: Descriptor, measurement: LayerMeasurement | undefined, options: RegisterOptions): LayerRecord {
    const { diffId } = options
    const candidates =
      measurement === undefined ? this.#tables.knownBlobs(layer.digest) : [knownFrom(layer, measurement)]
    const known = candidates.find((each) => each.diffId === diffId) ?? candidates[0]
    if (known === undefined) throw new LayerUnmeasuredError(layer.digest)
    if (known.diffId !== diffId) throw new DiffIdMismatchError(known.diffId, diffId, layer.digest)
    this.#depthOn(options.parent, layer)
    if (measurement?.fault !== undefined) this.#tables.addFault(diffId, measurement.fault)
    else if (measurement !== undefined && !this.#indexes.publish(measurement)) {
      throw new LayerUnmeasuredError(layer.digest)
    }
    return this.#add(known, options)
  }

  #add(known: KnownBlob, { parent, diffId, holder }: RegisterOptions): LayerRecord {
    const depth = this.#depthOn(parent, known.blob)
    const chainId = chainIdOf(diffId, parent)
    const { size, entryCount, blob } = known
    if (this.#tables.layer(chainId) === undefined) {
      this.#tables.addLayer({ chainId, diffId, parent, blob, size, entryCount, depth })
    }
    this.#tables.addBlob(known)
    this.#tables.addHolder(chainId, holder)
    return this.#require(chainId)
  }

  #release(holder: string): Released {
    const held = this.#tables.heldBy(holder)
    this.#tables.removeHolder(holder)
    const layers = held.flatMap((chainId) => this.#removeUnused(chainId))
    const diffIds = new Set(layers.map((layer) => layer.diffId))
    return { layers, blobs: [...diffIds].flatMap((diffId) => this.#forget(diffId)) }
  }

  /** Removes a layer that nothing uses, and then those below it for which that is so. */
  #removeUnused(top: ChainId): LayerRecord[] {
    const removed: LayerRecord[] = []
    for (let at: ChainId | undefined = top; at !== undefined && !this.#tables.isUsed(at);) {
      const layer = this.#tables.layer(at)
      if (layer === undefined) break
      this.#tables.removeLayer(at)
      removed.push(layer)
      at = layer.parent
    }
    return removed
  }

  #depthOn(parent: ChainId | undefined, blob: Descriptor): number {
    const depth = parent === undefined ? 1 : this.#require(parent).depth + 1
    if (depth > MAX_LAYER_DEPTH) throw new LayerDepthError(blob.digest, MAX_LAYER_DEPTH)
    return depth
  }

  #require(chainId: ChainId): LayerRecord {
    const record = this.#tables.layer(chainId)
    if (record === undefined) throw new LayerNotFoundError(chainId)
    return record
  }

  /** Drops what is kept about a DiffID that no layer has; gives back its blobs. */
  #forget(diffId: DiffId): Descriptor[] {
    if (this.#tables.hasDiffId(diffId)) return []
    const blobs = this.#tables.blobsOf(diffId)
    this.#tables.removeDiffId(diffId)
    // Another DiffID of the same blob, by another hash, may still be needed.
    return blobs.filter((blob) => this.#tables.knownBlobs(blob.digest).length === 0)
  }

  async #presentBlob(record: LayerRecord, options: AbortOptions): Promise<Descriptor> {
    for (const blob of [record.blob, ...this.#tables.blobsOf(record.diffId)]) {
      if (await this.#content.has(blob, options)) return blob
    }
    throw new LayerCorruptError(record.chainId, 'no blob of it is stored', 'its content')
  }

  async #indexAgain(record: LayerRecord, options: AbortOptions): Promise<void> {
    const algorithm = digestAlgorithm(record.diffId)
    const measurement = await this.measure(this.openTar(record.chainId, options), { ...options, algorithm })
    this.#tables.transaction(() => {
      if (this.#tables.hasDiffId(record.diffId)) this.#indexes.publish(measurement)
    })
    await this.discard(measurement)
  }
}

function knownFrom(layer: Descriptor, measurement: LayerMeasurement): KnownBlob {
  const { mediaType, digest, size } = layer
  return {
    blob: { mediaType, digest, size },
    diffId: measurement.diffId,
    size: measurement.size,
    entryCount: measurement.entryCount,
  }
}

/** Whether an index is missing or torn, and not what keeps it from being read. */
function isIndexFault(error: unknown): boolean {
  return isCompressionError(error) || error instanceof SyntaxError || isMissing(error)
}
