import { checkConversion, type ConversionOptions, type ImageFormat } from '@drayage/runtime'

import { UsageError } from './usage-error.ts'

/** Options of verbs that can convert. */
export interface ConversionCommandOptions {
  readonly format?: ImageFormat | undefined
  readonly compression?: string | undefined
}

/**
 * The conversion that a command line asks for.
 *
 * @throws UsageError `ERR_USAGE`
 */
export function conversionOf({ format, compression }: ConversionCommandOptions): ConversionOptions {
  const conversion = { format, compression: compression === undefined ? undefined : parseCompression(compression) }
  try {
    checkConversion(conversion)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
  return conversion
}

function parseCompression(text: string): ConversionOptions['compression'] {
  const { type, level } = /^(?<type>gzip|zstd)(?::(?<level>\d{1,3}))?$/.exec(text)?.groups ?? {}
  if (type !== 'gzip' && type !== 'zstd') {
    const found = JSON.stringify(text.slice(0, 80))
    throw new UsageError(`Cannot use --compression ${found}: expected gzip or zstd, with or without a level, as zstd:9`)
  }
  return { type, level: level === undefined ? undefined : Number(level) }
}
