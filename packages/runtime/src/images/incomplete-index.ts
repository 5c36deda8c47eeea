import { forEachOf } from '@drayage/bytes'
import { maybeAbsent, type Checker } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { IndexParts } from '@drayage/distribution'
import { attestedBy, formatPlatform, type Descriptor, type Platform } from '@drayage/manifest'

import { IndexIncompleteError } from '../errors.ts'
import { askAgain, type AskOptions } from '../remote/ask-again.ts'
import type { TransferSettings } from '../runtime.ts'

/** How many questions a target is asked at a time. */
const QUESTIONS = 5

/** Those of `manifests` that a target does not have; one that denies to tell has none. */
export async function lackingAt(
  runtime: TransferSettings,
  target: Checker,
  manifests: readonly Descriptor[],
  options: AskOptions,
): Promise<readonly Descriptor[]> {
  const held = new Set<Digest>()
  const ask = async (what: Descriptor, signal: AbortSignal): Promise<void> => {
    const has = (): Promise<boolean> => target.has(what, { signal })
    try {
      if (await askAgain(runtime, `manifest ${what.digest}`, has, { ...options, signal })) held.add(what.digest)
    } catch (error) {
      signal.throwIfAborted()
      if (!maybeAbsent(error)) throw error
    }
  }
  await forEachOf(manifests, ask, { limit: QUESTIONS, signal: options.signal })
  return manifests.filter(({ digest }) => !held.has(digest))
}

/** The refusal of an index that would lack something where it goes; `origin` is what the rest can be pulled as. */
export function incomplete(
  action: string,
  name: string,
  sparse: string,
  { taken, leftOut }: IndexParts,
  lacking: readonly Descriptor[],
  origin?: string,
): IndexIncompleteError {
  const here = imagesOf(taken).map(({ platform }) => formatPlatform(platform))
  const absent = new Set<string>(lacking.map(({ digest }) => digest))
  const nameOf = (digest: string): string => {
    const platform = [...taken, ...leftOut].find((each) => each.digest === digest)?.platform
    return platform === undefined ? digest : formatPlatform(platform)
  }
  const missing = lacking.flatMap((what) => {
    const attested = attestedBy(what)
    if (attested === undefined) return [nameOf(what.digest)]
    // An attestation comes with its image.
    return absent.has(attested) ? [] : [`the attestation of ${nameOf(attested)}`]
  })
  return new IndexIncompleteError(action, name, { missing, here, sparse, origin })
}

/** The images among what an index lists. */
export function imagesOf(listed: readonly Descriptor[]): (Descriptor & { readonly platform: Platform })[] {
  return listed.flatMap(({ platform, ...what }) =>
    platform === undefined || attestedBy(what) !== undefined ? [] : [{ ...what, platform }],
  )
}
