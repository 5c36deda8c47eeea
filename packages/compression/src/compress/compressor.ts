import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { DigestAlgorithm } from '@drayage/digest'
import { availableParallelism } from 'node:os'

import type { DecompressLimits, DecompressOptions } from '../inflate/decompress.ts'
import type { Compression } from '../inflate/detect-compression.ts'
import { COMPRESSION_ERROR_TYPES } from '../errors.ts'
import { defaultWorkers, type InflateResult } from '../inflate/inflater.ts'
import { streamJob } from '../pool/stream-job.ts'
import { createWorkerPool } from '../pool/worker-pool.ts'

/** A compression that layers can be given. */
export type TargetCompression = 'gzip' | 'zstd'

/** What compressing found out about the compressed bytes, and about what went into them. */
export interface CompressResult extends InflateResult {
  readonly uncompressed: InflateResult
}

/** The jobs of `compress-worker`. */
export type CompressJobs = {
  readonly compress: {
    readonly params: {
      readonly compression: TargetCompression
      readonly level: number
      /** Blocks that are compressed at a time. */
      readonly parallel: number
      readonly algorithm: DigestAlgorithm
      /** How the input is inflated before; not at all by default. */
      readonly inflate?: (DecompressLimits & { readonly compression?: Compression | undefined }) | undefined
    }
    readonly result: CompressResult
  }
}

/** The level of each compression by default, which is that of its own program. */
export const DEFAULT_LEVELS: Readonly<Record<TargetCompression, number>> = { gzip: 6, zstd: 3 }
/** The highest level of each compression; the lowest is 1. */
export const MAX_LEVELS: Readonly<Record<TargetCompression, number>> = { gzip: 9, zstd: 22 }
/** Threads of zlib's pool, in which blocks are compressed: more blocks at a time would only wait. */
const POOL_THREADS = 4

/** Options of {@link createCompressor}. */
export interface CompressorOptions {
  /** Most streams compressed at a time; one per processor by default, and at least 2. */
  readonly workers?: number | undefined
}

/** How to compress. */
export interface CompressOptions extends AbortOptions {
  readonly compression: TargetCompression
  /** From 1 to 9 for gzip and to 22 for zstd; {@link DEFAULT_LEVELS} by default. */
  readonly level?: number | undefined
  /** Hash of the compressed and of the uncompressed bytes; sha256 by default. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** How to compress what is compressed already. */
export interface RecompressOptions extends CompressOptions {
  /** How the source is read; by default as {@link DecompressOptions} say. */
  readonly inflate?: Omit<DecompressOptions, 'signal' | 'ownsSource'> | undefined
}

/** A stream on its way out of a worker, and what is known at its end. */
export interface Compressed {
  /** The compressed bytes; single-use. Work starts with its first read; stopping early ends the work. */
  readonly stream: ByteStream
  /** Settles when `stream` has been read to its end, and rejects with the error that `stream` throws. */
  readonly result: Promise<CompressResult>
}

/**
 * Compresses and hashes streams off the main thread, several blocks of each at a time. Equal bytes, level and version of
 * zlib or zstd give equal output, however many processors there are.
 */
export interface Compressor extends AsyncDisposable {
  /** @throws RangeError for a level that the compression does not have */
  compress(source: ByteStream, options: CompressOptions): Compressed
  /**
   * `decompress` and {@link Compressor.compress} in one thread.
   *
   * @throws RangeError for a level that the compression does not have
   */
  recompress(source: ByteStream, options: RecompressOptions): Compressed
}

/**
 * Makes a compressor; its threads start when first needed and do not keep the program alive.
 *
 * @throws RangeError when `workers` is not a positive integer
 */
export function createCompressor(options: CompressorOptions = {}): Compressor {
  const isSource = import.meta.url.endsWith('.ts')
  const url = new URL(isSource ? './compress-worker.ts' : './compress-worker.js', import.meta.url)
  const size = options.workers ?? defaultWorkers()
  const pool = createWorkerPool<CompressJobs>({ url, size, errorTypes: COMPRESSION_ERROR_TYPES })
  // One block more than threads, so that none waits while the next one is read.
  const parallel = Math.min(POOL_THREADS, availableParallelism()) + 1
  const run = (source: ByteStream, wanted: RecompressOptions): Compressed => {
    const { compression, algorithm = 'sha256', inflate, signal } = wanted
    const params = { compression, level: levelOf(wanted), parallel, algorithm, inflate }
    return streamJob(pool, 'compress', source, { params, signal })
  }
  return {
    compress: (source, { compression, level, algorithm, signal }) =>
      run(source, { compression, level, algorithm, signal }),
    recompress: (source, wanted) => run(source, { ...wanted, inflate: wanted.inflate ?? {} }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function levelOf({ compression, level = DEFAULT_LEVELS[compression] }: CompressOptions): number {
  const max = MAX_LEVELS[compression]
  if (Number.isSafeInteger(level) && level >= 1 && level <= max) return level
  throw new RangeError(`Cannot compress with ${compression}: level is ${level}, expected an integer from 1 to ${max}`)
}
