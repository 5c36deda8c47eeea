/** Codes of the errors of this package. */
export type CompressionErrorCode =
  | 'ERR_COMPRESSION_UNSUPPORTED'
  | 'ERR_COMPRESSED_DATA'
  | 'ERR_COMPRESSION_LIMIT'
  | 'ERR_WORKER_CRASHED'
  | 'ERR_WORKER_POOL_CLOSED'

/** A compression that is recognised and not inflated: no program is run for it. */
export class UnsupportedCompressionError extends Error {
  override readonly name: string = 'UnsupportedCompressionError'
  readonly code: 'ERR_COMPRESSION_UNSUPPORTED' = 'ERR_COMPRESSION_UNSUPPORTED'
  /** The compression found. */
  readonly compression: string

  constructor(compression: string, options?: ErrorOptions) {
    super(`Cannot inflate the stream: it is compressed with ${compression}, expected gzip, zstd or none`, options)
    this.compression = compression
  }
}

/** What is wrong with compressed bytes: damaged, ended too early, or followed by bytes that belong to nothing. */
export type CompressedDataFault = 'corrupt' | 'truncated' | 'trailing'

/** Compressed bytes that are not whole and valid. */
export class CompressedDataError extends Error {
  override readonly name: string = 'CompressedDataError'
  readonly code: 'ERR_COMPRESSED_DATA' = 'ERR_COMPRESSED_DATA'
  readonly compression: 'gzip' | 'zstd'
  readonly fault: CompressedDataFault

  constructor(compression: 'gzip' | 'zstd', fault: CompressedDataFault, found: string, options?: ErrorOptions) {
    super(`Cannot inflate the ${compression} stream: ${found}, expected whole and valid data`, options)
    this.compression = compression
    this.fault = fault
  }
}

/** Which limit was met: bytes of output, output in proportion to input, or the memory that a zstd frame asks for. */
export type CompressionLimit = 'maxBytes' | 'maxRatio' | 'maxWindowBytes'

/** A stream that inflates to more, or needs more memory, than its reader accepts. */
export class CompressionLimitError extends Error {
  override readonly name: string = 'CompressionLimitError'
  readonly code: 'ERR_COMPRESSION_LIMIT' = 'ERR_COMPRESSION_LIMIT'
  readonly limit: CompressionLimit
  /** The value of that limit. */
  readonly max: number

  constructor(limit: CompressionLimit, max: number, found: string, options?: ErrorOptions) {
    super(`Cannot inflate the stream: ${found}, expected at most ${max} (${limit})`, options)
    this.limit = limit
    this.max = max
  }
}

/** A worker thread that ended while it had a job. */
export class WorkerCrashedError extends Error {
  override readonly name: string = 'WorkerCrashedError'
  readonly code: 'ERR_WORKER_CRASHED' = 'ERR_WORKER_CRASHED'
  /** The job it had. */
  readonly job: string

  constructor(job: string, found: string, options?: ErrorOptions) {
    super(`Cannot finish job "${job}": its worker thread ${found}, expected a result`, options)
    this.job = job
  }
}

/** A pool that takes no more jobs because it is disposed. */
export class WorkerPoolClosedError extends Error {
  override readonly name: string = 'WorkerPoolClosedError'
  readonly code: 'ERR_WORKER_POOL_CLOSED' = 'ERR_WORKER_POOL_CLOSED'

  constructor(job: string, options?: ErrorOptions) {
    super(`Cannot run job "${job}": the worker pool is disposed, expected an open one`, options)
  }
}

/** Any error of this package. */
export type CompressionError =
  | UnsupportedCompressionError
  | CompressedDataError
  | CompressionLimitError
  | WorkerCrashedError
  | WorkerPoolClosedError

const CODES: readonly string[] = [
  'ERR_COMPRESSION_UNSUPPORTED',
  'ERR_COMPRESSED_DATA',
  'ERR_COMPRESSION_LIMIT',
  'ERR_WORKER_CRASHED',
  'ERR_WORKER_POOL_CLOSED',
] satisfies CompressionErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isCompressionError(value: unknown): value is CompressionError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
