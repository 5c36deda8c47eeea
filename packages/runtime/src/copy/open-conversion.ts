import type { AbortOptions } from '@drayage/bytes'
import { createCompressor, createInflater } from '@drayage/compression'
import {
  convert,
  type ConvertedGraph,
  type ConvertOptions,
  type GraphSource,
  type OnEvent,
} from '@drayage/distribution'
import { parseDiffId } from '@drayage/digest'
import type { Descriptor, ManifestFormat } from '@drayage/manifest'

import { checkConversion, type ConversionOptions } from './conversion-options.ts'
import type { StoreAccess, TransferSettings } from '../runtime.ts'
import { canAssertRoom } from '../store/store.ts'

/** An image or index as it was asked for. Disposing removes what was made for it. */
export interface Conversion extends AsyncDisposable, ConvertedGraph {}

/** Options of {@link openConversion}. */
export interface OpenConversionOptions extends ConversionOptions, AbortOptions {
  readonly onEvent?: OnEvent | undefined
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean | undefined
  /** The format of schema 1 where none is asked for. */
  readonly schema1Format?: ManifestFormat | undefined
}

/**
 * Converts what is below `root`, unless nothing is asked for; zstd without a format makes OCI manifests. Schema 1 is made
 * when an image is pushed: here only its layers are.
 *
 * @throws RangeError for a conversion that there is not
 * @throws StoreFullError `ERR_STORE_FULL` where the disk has no room for what is made
 * @throws the errors of `convert`
 */
export async function openConversion(
  runtime: StoreAccess & TransferSettings,
  source: GraphSource,
  root: Descriptor,
  options: OpenConversionOptions,
): Promise<Conversion> {
  checkConversion(options)
  const { format, compression, preserveDigests, signal, onEvent } = options
  // Docker's formats have no layers in zstd.
  const chosen = format ?? (compression?.type === 'zstd' ? 'oci' : undefined)
  const manifests = chosen === 'v2s1' ? undefined : chosen
  if (manifests === undefined && compression === undefined && options.schema1Format === undefined) {
    return { root, source, [Symbol.asyncDispose]: async () => {} }
  }
  const scratch = await runtime.store.openScratch()
  await using compressor = createCompressor()
  await using inflater = createInflater()
  const measurer: ConvertOptions['measurer'] = {
    async measure(source, each = {}) {
      const { stream, result } = inflater.inflate(source, each)
      for await (const _ of stream);
      return { diffId: parseDiffId((await result).digest) }
    },
  }
  const recompress = compression && {
    compression: compression.type,
    level: compression.level,
    recompressor: compressor,
  }
  try {
    const { retry, requireSchema2 } = runtime
    const { schema1Format } = options
    const settings = {
      format: manifests,
      schema1Format,
      recompress,
      measurer,
      requireSchema2,
      preserveDigests,
      assertRoom: canAssertRoom(scratch) ? scratch.assertRoom : undefined,
      onEvent,
      retry,
      signal,
    }
    const { root: converted, source: both } = await convert(source, scratch, root, settings)
    return { root: converted, source: both, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() }
  } catch (error) {
    await scratch[Symbol.asyncDispose]()
    throw error
  }
}
