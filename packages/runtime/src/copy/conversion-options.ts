import { MAX_LEVELS } from '@drayage/compression'
import type { ImageFormat } from './image-format.ts'

/** Which compression layers get. */
export interface WantedCompression {
  readonly type: 'gzip' | 'zstd'
  /** When it is given, layers that have the compression already are compressed again. */
  readonly level?: number | undefined
}

/** How an image is changed on its way. Digests of what changes are others afterwards; signatures do not follow. */
export interface ConversionOptions {
  /** As the image is, by default. */
  readonly format?: ImageFormat | undefined
  /** As the layers are, by default. */
  readonly compression?: WantedCompression | undefined
}

/** Whether a conversion is asked for. */
export function isConversion({ format, compression }: ConversionOptions): boolean {
  return format !== undefined || compression !== undefined
}

/**
 * Checks that there is such a conversion.
 *
 * @throws RangeError for a level that the compression does not have, and for zstd in a format without it
 */
export function checkConversion({ format, compression }: ConversionOptions): void {
  if (compression === undefined) return
  const { type, level = 1 } = compression
  if (!Number.isSafeInteger(level) || level < 1 || level > MAX_LEVELS[type]) {
    throw new RangeError(
      `Cannot compress with ${type}: level is ${level}, expected an integer from 1 to ${MAX_LEVELS[type]}`,
    )
  }
  if (type === 'zstd' && format !== undefined && format !== 'oci') {
    throw new RangeError(`Cannot convert to ${format}: compression is zstd, expected gzip, or the format oci`)
  }
}
