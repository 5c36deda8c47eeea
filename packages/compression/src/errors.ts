import { DrayageError, errorGuard, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type CompressionErrorCode = CompressionError['code']

/** What is wrong with compressed bytes: damaged, ended too early, or followed by bytes that belong to nothing. */
export type CompressedDataFault = 'corrupt' | 'truncated' | 'trailing'

/** What compressed bytes can be. */
export type CompressedForm = 'gzip' | 'zstd' | 'bzip2' | 'xz'

/** Compressed bytes that are not whole and valid. */
export class CompressedDataError extends DrayageError<'ERR_COMPRESSED_DATA'> {
  override readonly name: string = 'CompressedDataError'
  readonly compression: CompressedForm
  readonly fault: CompressedDataFault

  constructor(compression: CompressedForm, fault: CompressedDataFault, reason: string, options?: ErrorOptions) {
    super('ERR_COMPRESSED_DATA', `Cannot inflate the ${compression} stream: ${reason}`, options)
    this.compression = compression
    this.fault = fault
  }
}

/** Which limit was met: bytes of output, or the memory that a zstd frame asks for. */
export type CompressionLimit = 'maxBytes' | 'maxWindowBytes'

/** A stream that inflates to more, or needs more memory, than its reader accepts. */
export class CompressionLimitError extends DrayageError<'ERR_COMPRESSION_LIMIT'> {
  override readonly name: string = 'CompressionLimitError'
  readonly limit: CompressionLimit
  /** The value of that limit. */
  readonly max: number

  constructor(limit: CompressionLimit, max: number, found: string, options?: ErrorOptions) {
    super('ERR_COMPRESSION_LIMIT', `Cannot inflate the stream: ${found}, expected at most ${max} (${limit})`, options)
    this.limit = limit
    this.max = max
  }
}

/**
 * A worker thread that ended while it had a job, for example since the job kept more memory than a thread may have, or that
 * could not be started.
 */
export class WorkerCrashedError extends DrayageError<'ERR_WORKER_CRASHED'> {
  override readonly name: string = 'WorkerCrashedError'
  /** The same job may end well in another thread. */
  readonly doubtful: boolean = true
  /** The job it had. */
  readonly job: string

  constructor(job: string, reason: string, options?: DrayageErrorOptions) {
    super('ERR_WORKER_CRASHED', `Cannot finish job "${job}": its worker thread ${reason}`, options)
    this.job = job
  }
}

/** A pool that takes no more jobs because it is disposed. */
export class WorkerPoolClosedError extends DrayageError<'ERR_WORKER_POOL_CLOSED'> {
  override readonly name: string = 'WorkerPoolClosedError'

  constructor(job: string, options?: ErrorOptions) {
    super('ERR_WORKER_POOL_CLOSED', `Cannot run job "${job}": the worker pool is disposed`, options)
  }
}

/** Any error of this package. */
export type CompressionError = CompressedDataError | CompressionLimitError | WorkerCrashedError | WorkerPoolClosedError

/** The error classes of this package by code, for `createWorkerPool`. */
export const COMPRESSION_ERROR_TYPES: Readonly<Record<CompressionErrorCode, { readonly prototype: Error }>> = {
  ERR_COMPRESSED_DATA: CompressedDataError,
  ERR_COMPRESSION_LIMIT: CompressionLimitError,
  ERR_WORKER_CRASHED: WorkerCrashedError,
  ERR_WORKER_POOL_CLOSED: WorkerPoolClosedError,
}

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isCompressionError: (value: unknown) => value is CompressionError = errorGuard<CompressionError>(
  Object.keys(COMPRESSION_ERROR_TYPES) as CompressionErrorCode[],
)
