import { observe, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

import { DETECT_BYTES, detectCompression, type Compression } from './detect-compression.ts'
import { CompressedDataError, UnsupportedCompressionError } from './errors.ts'
import { guardOutput } from './guard-output.ts'
import { peek } from './peek.ts'
import { ENGINE_OPTIONS, runEngine } from './zlib-engine.ts'
import { zstdFrames } from './zstd-frames.ts'

/** Most bytes that {@link decompress} yields by default: 1 TiB, beyond any real layer. */
export const DEFAULT_MAX_BYTES: number = 2 ** 40
/** Most bytes of output per byte of input by default; gzip cannot do much better, real layers stay below 100. */
export const DEFAULT_MAX_RATIO: number = 1000
/** Bytes of output that `maxRatio` does not look at by default: 1 GiB, so that a layer of zeros made for a test passes. */
export const DEFAULT_RATIO_FREE_BYTES: number = 2 ** 30
/** The largest zstd window by default: 128 MiB, what the zstd program accepts unless told otherwise. */
export const DEFAULT_MAX_WINDOW_BYTES: number = 2 ** 27

/** Limits of {@link decompress}. */
export interface DecompressLimits {
  /** Most bytes to yield; {@link DEFAULT_MAX_BYTES} by default. */
  readonly maxBytes?: number | undefined
  /** Most bytes of output per byte of input; {@link DEFAULT_MAX_RATIO} by default. */
  readonly maxRatio?: number | undefined
  /** Output that `maxRatio` does not look at, in bytes; {@link DEFAULT_RATIO_FREE_BYTES} by default. */
  readonly ratioFreeBytes?: number | undefined
  /** Most memory that a zstd frame may ask for, in bytes; {@link DEFAULT_MAX_WINDOW_BYTES} by default, at most 2^31. */
  readonly maxWindowBytes?: number | undefined
}

/** Options of {@link decompress}. */
export interface DecompressOptions extends AbortOptions, DecompressLimits {
  /** How the source is compressed; detected from its first bytes by default. */
  readonly compression?: Compression | undefined
  /**
   * Whether the arrays of `source` are given away, with buffers of their own: those that are inflated are emptied when they
   * are used up. `false` by default.
   */
  readonly ownsSource?: boolean | undefined
}

/**
 * Inflates a gzip stream of any number of members or a zstd stream of any number of frames, and passes other bytes on as
 * they are. An empty source is an empty stream. Runs in this thread and zlib's thread pool; no program is run.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` for damaged or truncated data and for bytes after its end
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
 * @throws UnsupportedCompressionError `ERR_COMPRESSION_UNSUPPORTED` for bzip2 and xz
 * @throws RangeError for a limit that is not a positive number
 */
export function decompress(source: ByteStream, options: DecompressOptions = {}): ByteStream {
  const limits = {
    maxBytes: positive('maxBytes', options.maxBytes ?? DEFAULT_MAX_BYTES),
    maxRatio: positive('maxRatio', options.maxRatio ?? DEFAULT_MAX_RATIO),
    ratioFreeBytes: positive('ratioFreeBytes', options.ratioFreeBytes ?? DEFAULT_RATIO_FREE_BYTES),
    maxWindowBytes: positive('maxWindowBytes', options.maxWindowBytes ?? DEFAULT_MAX_WINDOW_BYTES),
  }
  let inputBytes = 0
  const counted = observe(source, (total) => (inputBytes = total))
  return guardOutput(inflate(counted, limits.maxWindowBytes, options), { ...limits, inputBytes: () => inputBytes })
}

async function* inflate(source: ByteStream, maxWindowBytes: number, options: DecompressOptions): ByteStream {
  const { signal, ownsSource } = options
  signal?.throwIfAborted()
  const { prefix, rest, close } = await peek(source, DETECT_BYTES, { signal })
  try {
    const compression = choose(prefix, options.compression)
    if (compression === 'none') {
      yield* rest
    } else if (compression === 'gzip') {
      yield* runEngine(createGunzip(ENGINE_OPTIONS), compression, rest, { signal, ownsSource })
    } else {
      const windowLog = Math.min(31, Math.max(10, Math.ceil(Math.log2(maxWindowBytes))))
      const engine = createZstdDecompress({ ...ENGINE_OPTIONS, params: { [constants.ZSTD_d_windowLogMax]: windowLog } })
      yield* runEngine(engine, compression, zstdFrames(rest, maxWindowBytes), { signal, ownsSource })
    }
  } finally {
    const closing = close().catch(() => {})
    if (signal?.aborted !== true) await closing
  }
}

function choose(prefix: Uint8Array, stated: Compression | undefined): 'gzip' | 'zstd' | 'none' {
  const found = detectCompression(prefix)
  const chosen = stated ?? found
  if (chosen === 'bzip2' || chosen === 'xz') throw new UnsupportedCompressionError(chosen)
  if (chosen === found || chosen === 'none') return chosen
  if (prefix.byteLength === 0) throw new CompressedDataError(chosen, 'truncated', 'it is empty')
  throw new CompressedDataError(chosen, 'corrupt', 'it starts otherwise')
}

function positive(name: string, value: number): number {
  if (value > 0) return value
  throw new RangeError(`Cannot inflate the stream: ${name} is ${value}, expected a positive number`)
}
