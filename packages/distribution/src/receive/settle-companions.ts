import { forEachOf, type AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import { MAX_ATTESTATIONS, MAX_HELD_MANIFEST_BYTES, PLAN_REQUESTS } from '../defaults.ts'
import { inSink, isUnknownContent, type AttemptContext } from '../retry/attempt.ts'
import { readManifest } from '../retry/small-content.ts'
import { listedIn } from '../select/companions.ts'
import { readIndexTree } from '../select/index-tree.ts'
import type { CopySelection } from '../copy/selection.ts'

/** A selection whose attestations are known to be there, but for their blobs. */
export interface SettledSelection {
  readonly selection: CopySelection
  /** What accompanies the images and is none, however it looks. */
  readonly companions: ReadonlySet<Digest>
  /** Whether `store` had the manifests of all those before. */
  readonly wereHere: boolean
}

/**
 * Leaves out attestations that the source does not have, and those beyond {@link MAX_ATTESTATIONS}: the images are whole
 * without. A warning tells of it. All of them are read.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for indexes beyond the limits
 */
export async function settleCompanions(
  selection: CopySelection,
  store: Checker | undefined,
  context: AttemptContext,
): Promise<SettledSelection> {
  const { root, source, original, leftOut, chosen } = selection
  const isRead = async ({ digest }: Descriptor): Promise<boolean> => !leftOut.has(digest)
  const tree = await readIndexTree(source, root, { ...context, name: original.digest, isRead })
  const listed = listedIn(tree, chosen).companions.filter(
    ({ digest, mediaType }) => !leftOut.has(digest) && manifestKind(mediaType) !== undefined,
  )
  const { wanted, surplus } = withinLimits(listed)
  const missing = new Set<Digest>()
  let wereHere = true
  const look = async (what: Descriptor, signal: AbortSignal): Promise<void> => {
    const wasHere = store === undefined || (await hasInStore(store, what, { signal }))
    if (!(await isThere(source, what, { ...context, signal }))) missing.add(what.digest)
    else if (!wasHere) wereHere = false
  }
  await forEachOf(wanted, look, { limit: PLAN_REQUESTS, signal: context.signal })
  const lacking = wanted.filter(({ digest }) => missing.has(digest))
  warnOfLacking(lacking, 'the source does not have it', context)
  warnOfLacking(surplus, `they are more than ${MAX_ATTESTATIONS}, or than ${MAX_HELD_MANIFEST_BYTES} bytes`, context)
  const without = [...lacking, ...surplus].map(({ digest }) => digest)
  const kept = wanted.map(({ digest }) => digest).filter((digest) => !missing.has(digest))
  return {
    selection: { ...selection, leftOut: new Set([...leftOut, ...without]) },
    companions: new Set(kept),
    wereHere,
  }
}

function withinLimits(listed: readonly Descriptor[]): Record<'wanted' | 'surplus', readonly Descriptor[]> {
  let bytes = 0
  const fits = (each: Descriptor, at: number): boolean =>
    at < MAX_ATTESTATIONS && (bytes += each.size) <= MAX_HELD_MANIFEST_BYTES
  const count = listed.findIndex((each, at) => !fits(each, at))
  return count < 0 ? { wanted: listed, surplus: [] } : { wanted: listed.slice(0, count), surplus: listed.slice(count) }
}

async function hasInStore(store: Checker, what: Descriptor, options: AbortOptions): Promise<boolean> {
  return await inSink('store', `manifest ${what.digest}`, () => store.has(what, options), options)
}

async function isThere(source: Fetcher, what: Descriptor, context: AttemptContext): Promise<boolean> {
  try {
    await readManifest(source, what, context)
    return true
  } catch (error) {
    context.signal?.throwIfAborted()
    if (!isUnknownContent(error)) throw error
    return false
  }
}

/** Tells of attestations that do not come. */
export function warnOfLacking(
  [first, ...others]: readonly Pick<Descriptor, 'digest'>[],
  why: string,
  { onEvent }: Pick<AttemptContext, 'onEvent'>,
): void {
  if (first === undefined) return
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  onEvent({ type: 'warning', message: `left out attestation ${first.digest}${more}: ${why}` })
}
