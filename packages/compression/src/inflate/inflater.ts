import type { ByteStream } from '@drayage/bytes'
import type { Digest, DigestAlgorithm } from '@drayage/digest'
import { availableParallelism } from 'node:os'

import type { DecompressLimits, DecompressOptions } from './decompress.ts'
import type { Compression } from './detect-compression.ts'
import { COMPRESSION_ERROR_TYPES } from '../errors.ts'
import { streamJob } from '../pool/stream-job.ts'
import { createWorkerPool, type WorkerPool } from '../pool/worker-pool.ts'

/** Options of {@link createInflater}. */
export interface InflaterOptions {
  /** Most streams inflated at a time; one per processor by default, and at least 2. */
  readonly workers?: number | undefined
}

/** Options of {@link Inflater.inflate}. */
export interface InflateOptions extends Omit<DecompressOptions, 'ownsSource'> {
  /** Hash of the uncompressed bytes; sha256 by default. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** What inflating found out about the uncompressed bytes. */
export interface InflateResult {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** The jobs of `inflate-worker`. */
export type InflateJobs = {
  readonly inflate: {
    readonly params: DecompressLimits & {
      readonly compression?: Compression | undefined
      readonly algorithm: DigestAlgorithm
    }
    readonly result: InflateResult
  }
}

/** A stream on its way out of a worker, and what is known at its end. */
export interface Inflated {
  /** The uncompressed bytes; single-use. Work starts with its first read; stopping early ends the work. */
  readonly stream: ByteStream
  /** Settles when `stream` has been read to its end, and rejects with the error that `stream` throws. */
  readonly result: Promise<InflateResult>
}

/** Inflates and hashes streams off the main thread. */
export interface Inflater extends AsyncDisposable {
  /** `decompress` in a worker thread, with the digest of what comes out. */
  inflate(source: ByteStream, options?: InflateOptions): Inflated
}

/**
 * The number of worker threads that inflating uses by default: one per processor, and at least 2, so that one stream
 * continues while another waits for its source.
 */
export function defaultWorkers(): number {
  return Math.max(2, availableParallelism())
}

/**
 * Makes an inflater; its threads start when first needed and do not keep the program alive.
 *
 * @throws RangeError when `workers` is not a positive integer
 */
export function createInflater(options: InflaterOptions = {}): Inflater {
  const url = new URL(import.meta.url.endsWith('.ts') ? './inflate-worker.ts' : './inflate-worker.js', import.meta.url)
  const size = options.workers ?? defaultWorkers()
  const pool = createWorkerPool<InflateJobs>({ url, size, errorTypes: COMPRESSION_ERROR_TYPES })
  return {
    inflate: (source, inflateOptions = {}) => inflateIn(pool, source, inflateOptions),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function inflateIn(pool: WorkerPool<InflateJobs>, source: ByteStream, options: InflateOptions): Inflated {
  const { signal, algorithm = 'sha256', ...limits } = options
  return streamJob(pool, 'inflate', source, { params: { ...limits, algorithm }, signal })
}
