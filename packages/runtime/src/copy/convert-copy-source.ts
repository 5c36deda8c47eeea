import { DEFAULT_RETRY_POLICY, selectCopy, type PlaceSource } from '@drayage/distribution'
import type { ManifestFormat } from '@drayage/manifest'

import type { StoreAccess, TransferSettings } from '../runtime.ts'
import { TransportError } from '../errors.ts'
import { isConversion } from './conversion-options.ts'
import { choiceOf, type ChoiceOptions } from './copy-choice.ts'
import { openConversion } from './open-conversion.ts'

/** Options of {@link convertCopySource}. */
export interface ConvertCopyOptions extends ChoiceOptions {
  /** The format of schema 1 where nothing is asked for, which is then converted; it is left as it is by default. */
  readonly schema1Format?: ManifestFormat
}

/**
 * The source of a copy as it is asked for: what is copied of it, converted. Disposing removes what was made, and leaves
 * the source open.
 *
 * @throws TransportError `ERR_TRANSPORT` for referrers, which are about digests that change
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws the errors of `openConversion`
 */
export async function convertCopySource(
  runtime: StoreAccess & TransferSettings,
  source: PlaceSource,
  options: ConvertCopyOptions,
): Promise<PlaceSource> {
  if (!isConversion(options) && options.schema1Format === undefined)
    return { ...source, [Symbol.asyncDispose]: async () => {} }
  const { format, compression, schema1Format, preserveDigests, signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY, requireSchema2 } = runtime
  const { referrers, ...choice } = choiceOf(runtime, source, options)
  const chosen = await selectCopy(source.content, source.from, { signal, onEvent, retry, requireSchema2, ...choice })
  const content = { ...source.content, fetch: chosen.source.fetch }
  const wanted = { format, compression, schema1Format, preserveDigests, onEvent, signal }
  const conversion = await openConversion(runtime, content, chosen.root, wanted)
  const converted = { from: conversion.root, [Symbol.asyncDispose]: () => conversion[Symbol.asyncDispose]() }
  const isSame = conversion.root.digest === chosen.root.digest && chosen.made.size === 0
  if (isSame) return { ...source, ...converted }
  if (referrers !== undefined) {
    await conversion[Symbol.asyncDispose]()
    throw new TransportError(
      'convert',
      source.label,
      'its referrers are about digests that change, expected none to go along',
    )
  }
  // Its manifest is the one that was asked for.
  return { ...source, ...converted, content: conversion.source, makesManifests: false, parts: undefined }
}

/** The options of a copy whose source was converted: what is copied was chosen before, and is copied whole. */
export function afterConversion(options: ConvertCopyOptions): ChoiceOptions {
  if (!isConversion(options) && options.schema1Format === undefined) return options
  const { index: _index, ...others } = options
  return { ...others, all: true }
}
