import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

import { DETECT_BYTES, detectCompression, type Compression } from './detect-compression.ts'
import { CompressedDataError } from '../errors.ts'
import { guardOutput } from './guard-output.ts'
import { peek } from './peek.ts'
import { unpack } from '../unpack/unpack.ts'
import { WindowMemory } from './window-memory.ts'
import { ENGINE_OPTIONS, runEngine } from './zlib-engine.ts'
import { zstdFrames } from './zstd-frames.ts'

/** Most bytes that {@link decompress} yields by default: 1 TiB, beyond any real layer. */
export const DEFAULT_MAX_BYTES: number = 2 ** 40
/** The largest zstd window by default: 512 MiB, what the decoders of Docker, containerd and podman accept. */
export const DEFAULT_MAX_WINDOW_BYTES: number = 2 ** 29

/** Limits of {@link decompress}. */
export interface DecompressLimits {
  /** Most bytes to yield; {@link DEFAULT_MAX_BYTES} by default. */
  readonly maxBytes?: number | undefined
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
 * Inflates gzip of any number of members, zstd of any number of frames, bzip2 and xz of any number of streams, and passes
 * other bytes on as they are, however far they inflate: up to 1032 to 1 in gzip, 32,000 to 1 and more in zstd. What is held
 * in memory does not depend on it. An empty source is an empty stream. Runs in this thread and zlib's thread pool, and in a
 * thread of its own for bzip2 and xz; no program is run.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` for damaged or truncated data and for bytes after its end; also for xz
 * with SHA-256 checks, filters for programs or a dictionary above 64 MiB
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
 * @throws RangeError for a limit that is not a positive number
 */
export function decompress(source: ByteStream, options: DecompressOptions = {}): ByteStream {
  const maxBytes = positive('maxBytes', options.maxBytes ?? DEFAULT_MAX_BYTES)
  const maxWindowBytes = positive('maxWindowBytes', options.maxWindowBytes ?? DEFAULT_MAX_WINDOW_BYTES)
  return guardOutput(inflate(source, maxWindowBytes, options), maxBytes)
}

/**
 * Inflates bzip2 and xz, for which images have no media types, and passes on other bytes as they are, those of gzip and
 * zstd too.
 *
 * @throws the errors of {@link decompress}
 */
export async function* inflateRare(source: ByteStream, { signal }: AbortOptions = {}): ByteStream {
  signal?.throwIfAborted()
  const { prefix, rest, close } = await peek(source, DETECT_BYTES, { signal })
  const compression = detectCompression(prefix)
  try {
    if (isRare(compression)) yield* guardOutput(unpack(rest, compression, { signal }), DEFAULT_MAX_BYTES)
    else yield* rest
  } finally {
    const closing = close().catch(() => {})
    if (signal?.aborted !== true) await closing
  }
}

/** Whether images have no media type for layers in this compression. */
export function isRare(compression: Compression): compression is 'bzip2' | 'xz' {
  return compression === 'bzip2' || compression === 'xz'
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
    } else if (isRare(compression)) {
      yield* unpack(rest, compression, { signal })
    } else {
      const windowLog = Math.min(31, Math.max(10, Math.ceil(Math.log2(maxWindowBytes))))
      const engine = createZstdDecompress({ ...ENGINE_OPTIONS, params: { [constants.ZSTD_d_windowLogMax]: windowLog } })
      const memory = new WindowMemory()
      try {
        yield* runEngine(engine, compression, zstdFrames(rest, maxWindowBytes, memory), { signal, ownsSource })
      } finally {
        memory.release()
      }
    }
  } finally {
    const closing = close().catch(() => {})
    if (signal?.aborted !== true) await closing
  }
}

function choose(prefix: Uint8Array, stated: Compression | undefined): Compression {
  const found = detectCompression(prefix)
  const chosen = stated ?? found
  if (chosen === found || chosen === 'none') return chosen
  if (prefix.byteLength === 0) throw new CompressedDataError(chosen, 'truncated', 'it is empty')
  throw new CompressedDataError(chosen, 'corrupt', 'it starts with other bytes')
}

function positive(name: string, value: number): number {
  if (value > 0) return value
  throw new RangeError(`Cannot inflate the stream: ${name} is ${value}, expected a positive number`)
}
