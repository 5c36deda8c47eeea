import type { AbortOptions, ByteStream } from '@drayage/bytes'
import {
  COMPRESSION_ERROR_TYPES,
  createInflater,
  createWorkerPool,
  defaultWorkers,
  isCompressionError,
  type Inflater,
  type WorkerPool,
} from '@drayage/compression'
import type { Checker, Fetcher } from '@drayage/content'
import {
  chainId as chainIdOf,
  digestAlgorithm,
  parseDiffId,
  type ChainId,
  type DiffId,
  type Digest,
} from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { rm } from 'node:fs/promises'

import {
  DiffIdMismatchError,
  LayerCorruptError,
  LayerDepthError,
  LayerNotFoundError,
  LayerTarError,
  LayerUnmeasuredError,
} from './errors.ts'
import { IndexDirectory } from './index-directory.ts'
import { readIndexFile } from './index-file.ts'
import type { LayerMeasurement } from './layer-measurement.ts'
import type { LayerRecord } from './layer-record.ts'
import { MAX_LAYER_DEPTH } from './layer-store.ts'
import type { LayerStore, LayerStoreOptions, MeasureOptions, RegisterOptions, Released } from './layer-store.ts'
import { LayerTables, type KnownBlob } from './layer-tables.ts'
import type { MeasureJobs } from './measure-jobs.ts'
import type { TarEntry } from './tar-entry.ts'

/** The layer store over a SQL database and a folder of indexes. */
export class SqlLayerStore implements LayerStore {
  readonly #options: LayerStoreOptions
  readonly #content: Fetcher & Checker
  readonly #tables: LayerTables
  readonly #indexes: IndexDirectory
  readonly #pool: WorkerPool<MeasureJobs>
  readonly #inflater: Inflater

  constructor(options: LayerStoreOptions) {
    const size = options.workers ?? defaultWorkers()
    const url = new URL(
      import.meta.url.endsWith('.ts') ? './measure-worker.ts' : './measure-worker.js',
      import.meta.url,
    )
    this.#options = options
    this.#content = options.content
    this.#pool = createWorkerPool<MeasureJobs>({ url, size, errorTypes: COMPRESSION_ERROR_TYPES })
    this.#inflater = createInflater({ workers: size })
    this.#tables = new LayerTables(options.database)
    this.#indexes = new IndexDirectory(options.directory)
  }

  async measure(source: ByteStream, options: MeasureOptions = {}): Promise<LayerMeasurement> {
    const { signal, algorithm = 'sha256', ownsSource = false } = options
    const { maxBytes, maxRatio } = this.#options
    const indexPath = await this.#indexes.temporaryPath()
    const params = { algorithm, indexPath, maxBytes, maxRatio }
    const { digest, size, entryCount, fault } = await this.#pool
      .run('measure', source, params, { signal, ownsInput: ownsSource })
      .catch(async (error: unknown) => {
        // A worker that ended had no time to.
        await rm(indexPath, { force: true })
        throw error
      })
    const measured = { diffId: parseDiffId(digest), size, entryCount, indexFile: indexPath }
    return fault === undefined ? measured : { ...measured, fault }
  }

  async discard(measurement: LayerMeasurement): Promise<void> {
    await rm(measurement.indexFile, { force: true })
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

  async release(holder: string): Promise<Released> {
    return this.#tables.transaction(() => {
      this.#tables.removeHolder(holder)
      const layers: LayerRecord[] = []
      for (let unused = this.#tables.unused(); unused.length > 0; unused = this.#tables.unused()) {
        for (const layer of unused) this.#tables.removeLayer(layer.chainId)
        layers.push(...unused)
      }
      const diffIds = new Set(layers.map((layer) => layer.diffId))
      return { layers, blobs: [...diffIds].flatMap((diffId) => this.#forget(diffId)) }
    })
  }

  async find(blob: Digest, options: AbortOptions = {}): Promise<DiffId | undefined> {
    const known = this.#tables.knownBlob(blob)
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
      maxRatio: Infinity,
    })
    try {
      yield* stream
    } catch (error) {
      if (!isCompressionError(error)) throw error
      throw new LayerCorruptError(chainId, 'its blob does not inflate', `${record.size} bytes`, { cause: error })
    }
    const { digest } = await result
    if (digest !== (record.diffId as string))
      throw new LayerCorruptError(chainId, `its DiffID is ${digest}`, record.diffId)
  }

  async *entries(chainId: ChainId, options: AbortOptions = {}): AsyncIterable<TarEntry> {
    const record = this.#require(chainId)
    if (!this.#indexes.has(record.diffId)) await this.#indexAgain(record, options)
    yield* readIndexFile(this.#indexes.path(record.diffId), options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pool[Symbol.asyncDispose](), this.#inflater[Symbol.asyncDispose]()])
  }

  #register(layer: Descriptor, measurement: LayerMeasurement | undefined, options: RegisterOptions): LayerRecord {
    const { parent, diffId, holder } = options
    const known = measurement === undefined ? this.#tables.knownBlob(layer.digest) : knownFrom(layer, measurement)
    if (known === undefined) throw new LayerUnmeasuredError(layer.digest)
    if (known.diffId !== diffId) throw new DiffIdMismatchError(known.diffId, diffId, layer.digest)
    if (measurement?.fault !== undefined) throw new LayerTarError(measurement.fault.found, measurement.fault.offset)
    const depth = parent === undefined ? 1 : this.#require(parent).depth + 1
    if (depth > MAX_LAYER_DEPTH) throw new LayerDepthError(layer.digest, MAX_LAYER_DEPTH)
    if (measurement !== undefined) this.#indexes.publish(diffId, measurement.indexFile)
    const chainId = chainIdOf(diffId, parent)
    const { size, entryCount, blob } = known
    const record = this.#tables.layer(chainId) ?? { chainId, diffId, parent, blob, size, entryCount, depth }
    if (this.#tables.layer(chainId) === undefined) this.#tables.addLayer(record)
    this.#tables.addBlob(known)
    this.#tables.addHolder(chainId, holder)
    return record
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
    this.#tables.removeBlobsOf(diffId)
    this.#indexes.remove(diffId)
    return blobs
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
      if (this.#tables.hasDiffId(record.diffId)) this.#indexes.publish(record.diffId, measurement.indexFile)
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
