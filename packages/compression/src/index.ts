/**
 * Detect, inflate, compress and hash layers off the main thread.
 *
 * gzip of any number of members, zstd of any number of frames, bzip2 and xz, and bytes that are not compressed.
 *
 * @packageDocumentation
 */
export type {
  Compressed,
  CompressOptions,
  Compressor,
  CompressorOptions,
  RecompressOptions,
} from './compress/compressor.ts'
export type { CompressResult, TargetCompression } from './compress/compressor.ts'
export type { Compression } from './inflate/detect-compression.ts'
export type { DecompressLimits, DecompressOptions } from './inflate/decompress.ts'
export type {
  CompressedDataFault,
  CompressedForm,
  CompressionError,
  CompressionErrorCode,
  CompressionLimit,
} from './errors.ts'
export type { InflateResult } from './inflate/inflater.ts'
export type { Inflated, InflateOptions, Inflater, InflaterOptions } from './inflate/inflater.ts'
export type { GarbageKind } from './pool/collect-garbage.ts'
export type { ErrorTypes } from './pool/wire-error.ts'
export type { RunJobOptions, WorkerPool, WorkerPoolOptions } from './pool/worker-pool.ts'
export type { JobMap } from './pool/worker-protocol.ts'

export { createCompressor, DEFAULT_LEVELS, MAX_LEVELS } from './compress/compressor.ts'
export { decompress, DEFAULT_MAX_BYTES, DEFAULT_MAX_WINDOW_BYTES, inflateRare, isRare } from './inflate/decompress.ts'
export { DETECT_BYTES, detectCompression } from './inflate/detect-compression.ts'
export { COMPRESSION_ERROR_TYPES } from './errors.ts'
export {
  CompressedDataError,
  CompressionLimitError,
  isCompressionError,
  WorkerCrashedError,
  WorkerPoolClosedError,
} from './errors.ts'
export { createInflater, defaultWorkers } from './inflate/inflater.ts'
export { collectGarbage } from './pool/collect-garbage.ts'
export { createWorkerPool } from './pool/worker-pool.ts'
