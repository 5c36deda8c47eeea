import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { COMPRESSION_ERROR_TYPES, createWorkerPool, defaultWorkers, type WorkerPool } from '@drayage/compression'
import { parseDiffId, type DiffId } from '@drayage/digest'
import { disk, FileReadError, FileWriteError } from '@drayage/files'

import { IndexDirectory, type WriterLife } from './index-directory.ts'
import { readIndexFile } from './index-file.ts'
import type { TarFacts } from './index-trailer.ts'
import type { LayerIndexes } from './layer-indexes.ts'
import type { LayerMeasurement, MeasureOptions } from '../layer-store.ts'
import type { MeasureJobs } from './measure-layer.ts'
import type { LayerEntry } from './layer-entry.ts'

/** Errors of the worker that keep their class. */
const ERROR_TYPES = { ...COMPRESSION_ERROR_TYPES, ERR_FILE_READ: FileReadError, ERR_FILE_WRITE: FileWriteError }

/** Options of {@link FileIndexes}. */
export interface FileIndexesOptions {
  readonly directory: string
  readonly life?: WriterLife | undefined
  readonly workers?: number | undefined
  readonly maxBytes?: number | undefined
}

/** Indexes in a directory, written by worker threads. */
export class FileIndexes implements LayerIndexes {
  readonly #options: FileIndexesOptions
  readonly #directory: IndexDirectory
  readonly #pool: WorkerPool<MeasureJobs>
  /** Where the index of each measurement is until it is published. */
  readonly #files = new WeakMap<LayerMeasurement, string>()

  constructor(options: FileIndexesOptions) {
    const script = import.meta.url.endsWith('.ts') ? './measure-worker.ts' : './measure-worker.js'
    const { workers: size = defaultWorkers() } = options
    this.#options = options
    this.#directory = new IndexDirectory(options.directory, options.life)
    this.#pool = createWorkerPool<MeasureJobs>({
      url: new URL(script, import.meta.url),
      size,
      errorTypes: ERROR_TYPES,
    })
  }

  async measure(source: ByteStream, options: MeasureOptions = {}): Promise<LayerMeasurement> {
    const { signal, algorithm = 'sha256', ownsSource = false } = options
    const { maxBytes } = this.#options
    const indexPath = await this.#directory.temporaryPath()
    const { digest, size, entryCount, fault } = await this.#pool
      .run('measure', source, { algorithm, indexPath, maxBytes }, { signal, ownsInput: ownsSource })
      .catch(async (error: unknown) => {
        // A worker that ended had no time to.
        await disk.rm(indexPath, { force: true })
        throw error
      })
    const measurement = { diffId: parseDiffId(digest), size, entryCount, ...(fault && { fault }) }
    if (fault === undefined) this.#files.set(measurement, indexPath)
    return measurement
  }

  async discard(measurement: LayerMeasurement): Promise<void> {
    const file = this.#files.get(measurement)
    if (file !== undefined) await disk.rm(file, { force: true })
  }

  publish(measurement: LayerMeasurement): boolean {
    const file = this.#files.get(measurement)
    return file !== undefined && this.#directory.publish(measurement.diffId, file)
  }

  has(diffId: DiffId): boolean {
    return this.#directory.has(diffId)
  }

  factsOf(diffId: DiffId): TarFacts | undefined {
    return this.#directory.factsOf(diffId)
  }

  remove(diffId: DiffId): void {
    this.#directory.remove(diffId)
  }

  list(): AsyncIterable<DiffId> {
    return this.#directory.list()
  }

  async removeUnfinished(options: AbortOptions): Promise<void> {
    await this.#directory.removeUnfinished(options)
  }

  entries(diffId: DiffId, options: AbortOptions): AsyncIterable<LayerEntry> {
    return readIndexFile(this.#directory.path(diffId), options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]()
  }
}
