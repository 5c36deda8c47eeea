/**
 * Detect, inflate, compress and hash layers off the main thread.
 *
 * gzip of any number of members, zstd of any number of frames, and bytes that are not compressed.
 *
 * @packageDocumentation
 */
export type { Compressed, CompressOptions, Compressor, CompressorOptions, RecompressOptions } from './compressor.ts'
export type { CompressResult, TargetCompression } from './compress-jobs.ts'
export type { Compression } from './detect-compression.ts'
export type { DecompressLimits, DecompressOptions } from './decompress.ts'
export type { CompressedDataFault, CompressionError, CompressionErrorCode, CompressionLimit } from './errors.ts'
export type { InflateResult } from './inflate-jobs.ts'
export type { Inflated, InflateOptions, Inflater, InflaterOptions } from './inflater.ts'
export type { ErrorTypes } from './wire-error.ts'
export type { RunJobOptions, WorkerPool, WorkerPoolOptions } from './worker-pool.ts'
export type { JobMap } from './worker-protocol.ts'

export { createCompressor, DEFAULT_LEVELS, MAX_LEVELS } from './compressor.ts'
export {
  decompress,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_RATIO,
  DEFAULT_MAX_WINDOW_BYTES,
  DEFAULT_RATIO_FREE_BYTES,
} from './decompress.ts'
export { DETECT_BYTES, detectCompression } from './detect-compression.ts'
export { COMPRESSION_ERROR_TYPES } from './error-types.ts'
export {
  CompressedDataError,
  CompressionLimitError,
  isCompressionError,
  UnsupportedCompressionError,
  WorkerCrashedError,
  WorkerPoolClosedError,
} from './errors.ts'
export { createInflater, defaultWorkers } from './inflater.ts'
export { createWorkerPool } from './worker-pool.ts'
