import { DEFAULT_RETRY_POLICY, DigestChangeError, selectCopy } from '@drayage/distribution'
import { formatReference } from '@drayage/reference'

import { isConversion } from './conversion-options.ts'
import { choiceOf, takesIndex } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { holdsTars, type TargetPlace } from './copy-target.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import { openConversion } from './open-conversion.ts'
import type { CopySource } from './open-copy-source.ts'

/**
 * The source of a copy as it is asked for: what is copied of it, converted. Disposing removes what was made, and leaves
 * the source open.
 *
 * @throws TransportError `ERR_TRANSPORT` for a target that cannot hold what is asked for, and for a sparse index
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws the errors of `openConversion`
 */
export async function convertCopySource(
  runtime: Runtime,
  source: CopySource,
  to: TargetPlace,
  options: CopyImageOptions,
): Promise<CopySource> {
  if (!isConversion(options)) return { ...source, [Symbol.asyncDispose]: async () => {} }
  assertConvertible(source, to, options)
  const { format, compression, preserveDigests, signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { referrers, ...choice } = choiceOf(runtime, source, options)
  const chosen = await selectCopy(source.content, source.from, { signal, onEvent, retry, ...choice })
  const content = { fetch: chosen.source.fetch, resolve: source.content.resolve }
  const wanted = { format, compression, preserveDigests, onEvent, signal }
  const conversion = await openConversion(runtime, content, chosen.root, wanted)
  const converted = { from: conversion.root, [Symbol.asyncDispose]: () => conversion[Symbol.asyncDispose]() }
  const isSame = conversion.root.digest === chosen.root.digest && chosen.made.size === 0
  if (isSame) return { ...source, ...converted }
  if (referrers !== undefined) {
    await conversion[Symbol.asyncDispose]()
    const found = 'found referrers, which are about digests that change, expected none to go along'
    throw new TransportError('convert', formatReference(source.name), found)
  }
  // Its manifest is the one that was asked for.
  return { ...source, ...converted, content: conversion.source, makesManifests: false }
}

/** The options of a copy whose source was converted: what is copied was chosen before, and is copied whole. */
export function afterConversion(options: CopyImageOptions): CopyImageOptions {
  if (!isConversion(options)) return options
  const { index: _index, ...others } = options
  return { ...others, all: true }
}

/** Refuses what cannot be, before anything is read. */
function assertConvertible(source: CopySource, to: TargetPlace, options: CopyImageOptions): void {
  const { format, index, preserveDigests = false } = options
  const name = formatReference(source.name)
  if (holdsTars(to)) {
    throw new TransportError('convert', name, `found a ${to.kind}, expected a place that keeps format and compression`)
  }
  if (index === 'sparse') {
    throw new TransportError('convert', name, 'found a sparse index, expected one that may change, full or rewritten')
  }
  if (format !== 'v2s1') return
  if (to.kind !== 'registry' || takesIndex(options)) {
    const found = takesIndex(options) ? 'an index' : `a target of kind ${to.kind}`
    throw new TransportError('convert', name, `found ${found}, expected one image to a registry for ${format}`)
  }
  if (preserveDigests) throw new DigestChangeError(name, `${format} is another manifest`)
}
