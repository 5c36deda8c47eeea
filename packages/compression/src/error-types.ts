import {
  CompressedDataError,
  CompressionLimitError,
  UnsupportedCompressionError,
  WorkerCrashedError,
  WorkerPoolClosedError,
  type CompressionErrorCode,
} from './errors.ts'

/** The error classes of this package by code, for {@link createWorkerPool}. */
export const COMPRESSION_ERROR_TYPES: Readonly<Record<CompressionErrorCode, { readonly prototype: Error }>> = {
  ERR_COMPRESSION_UNSUPPORTED: UnsupportedCompressionError,
  ERR_COMPRESSED_DATA: CompressedDataError,
  ERR_COMPRESSION_LIMIT: CompressionLimitError,
  ERR_WORKER_CRASHED: WorkerCrashedError,
  ERR_WORKER_POOL_CLOSED: WorkerPoolClosedError,
}
