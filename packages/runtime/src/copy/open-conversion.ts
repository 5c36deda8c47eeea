import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { createCompressor } from '@drayage/compression'
import { createFsStore } from '@drayage/content-fs'
import { convert, type ConvertedGraph, type GraphSource, type OnEvent } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'

import { checkConversion, type ConversionOptions } from './conversion-options.ts'
import type { Runtime } from '../create-runtime.ts'
import { prepareStoreDirectory } from '../store/prepare-store-directory.ts'

/** An image or index as it was asked for. Disposing removes what was made for it. */
export interface Conversion extends AsyncDisposable, ConvertedGraph {}

/** Options of {@link openConversion}. */
export interface OpenConversionOptions extends ConversionOptions, AbortOptions {
  readonly onEvent?: OnEvent | undefined
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean | undefined
}

/** Where conversions keep what they make, in the directory of the store: on its disk, and removed afterwards. */
export const SCRATCH_DIRECTORY = 'scratch'

/**
 * Converts what is below `root`, unless nothing is asked for; zstd without a format makes OCI manifests. Schema 1 is made when an image is pushed: here only its
 * layers are.
 *
 * @throws RangeError for a conversion that there is not
 * @throws the errors of `convert`
 */
export async function openConversion(
  runtime: Runtime,
  source: GraphSource,
  root: Descriptor,
  options: OpenConversionOptions,
): Promise<Conversion> {
  checkConversion(options)
  const { format, compression, preserveDigests, signal, onEvent } = options
  // Docker's formats have no layers in zstd.
  const chosen = format ?? (compression?.type === 'zstd' ? 'oci' : undefined)
  const manifests = chosen === 'v2s1' ? undefined : chosen
  if (manifests === undefined && compression === undefined) {
    return { root, source, [Symbol.asyncDispose]: async () => {} }
  }
  await prepareStoreDirectory(runtime.storeDirectory)
  const parent = path.join(runtime.storeDirectory, SCRATCH_DIRECTORY)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(path.join(parent, 'convert-'))
  const scratch = createFsStore({ directory })
  const remove = async (): Promise<void> => {
    await scratch[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
  await using compressor = createCompressor()
  const recompress = compression && {
    compression: compression.type,
    level: compression.level,
    recompressor: compressor,
  }
  try {
    const settings = { format: manifests, recompress, preserveDigests, onEvent, retry: runtime.retry, signal }
    const { root: converted, source: both } = await convert(source, scratch, root, settings)
    return { root: converted, source: both, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}
