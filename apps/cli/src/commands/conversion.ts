import { quote } from '@drayage/bytes'
import { checkConversion, type ConversionOptions, type ImageFormat } from '@drayage/runtime'

import { UsageError } from '../errors.ts'

/** Options of the verbs that can convert. */
export interface ConversionCommandOptions {
  readonly manifestFormat?: ImageFormat | undefined
  readonly compression?: string | undefined
}

/**
 * The conversion that a command line asks for.
 *
 * @throws UsageError `ERR_USAGE`
 */
export function conversionOf({ manifestFormat, compression }: ConversionCommandOptions): ConversionOptions {
  const conversion = {
    format: manifestFormat,
    compression: compression === undefined ? undefined : parseCompression(compression),
  }
  try {
    checkConversion(conversion)
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  return conversion
}

function parseCompression(text: string): ConversionOptions['compression'] {
  const { type, level } = /^(?<type>gzip|zstd)(?::(?<level>\d{1,3}))?$/.exec(text)?.groups ?? {}
  if (type !== 'gzip' && type !== 'zstd') {
    throw new UsageError(
      `Cannot use --compression ${quote(text, 80)}: expected gzip or zstd, with or without a level, such as zstd:9`,
    )
  }
  return { type, level: level === undefined ? undefined : Number(level) }
}
