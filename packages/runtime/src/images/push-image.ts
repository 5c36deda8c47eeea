import {
  holdManifests,
  push,
  pushSchema1,
  selectCopy,
  type DistributionEvent,
  type OnEvent,
} from '@drayage/distribution'
import { ImageNotFoundError } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'
import {
  familiarReference,
  familiarRepository,
  parseReference,
  parseRepository,
  withDefaultTag,
  withDigest,
  withoutTag,
  type Reference,
} from '@drayage/reference'

import type { Runtime } from '../runtime.ts'
import { contentOfName } from '../store/content-of-name.ts'
import { noteUseOf } from '../store/note-use.ts'
import { choosePushed } from './choose-pushed.ts'
import type { PushImageOptions } from './push-options.ts'
import { storedSource } from '../places/store-place.ts'
import { openConversion } from '../copy/open-conversion.ts'
import { foreignLayersOf } from '../copy/foreign-layers.ts'
import { openRemote } from '../remote/remote.ts'

/** What a push gave a name to. */
export interface PushedImage {
  readonly reference: Reference
  readonly target: Descriptor
  /** The index that its only image here was pushed instead of. */
  readonly insteadOf?: Descriptor
}

/**
 * Pushes what a name of the local store stands for to the registry of the name, with the bytes that came, so that its digest
 * does not change. An index goes where the registry has all that it lists afterwards: what is not here has to be there
 * already. Otherwise nothing is written. With `format` or `compression` what goes is converted first, with an index anew of
 * what is here; schema 1 holds one image, and what came as schema 1 goes as what was made of it. As with `docker push`, what
 * was pushed as it is has a name by its digest afterwards.
 *
 * @param name familiar or full; `latest` when it has no tag
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws IndexIncompleteError `ERR_INDEX_INCOMPLETE` for an index that the registry would not have all of
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` for a platform that is not here
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the registry refuses a sparse index
 * @throws RangeError for a conversion that there is not
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` and the other errors of `convert`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `push`
 */
export async function pushImage(
  runtime: Runtime,
  name: string | Reference,
  options: PushImageOptions = {},
): Promise<PushedImage> {
  const { signal, onEvent = (): void => {} } = options
  const reference = withDefaultTag(typeof name === 'string' ? parseReference(name) : name)
  const store = await runtime.openStore()
  const named = await store.images.targetOf(reference, { signal })
  const stored = named && (await store.images.get(named, { signal }))
  if (stored === undefined) throw new ImageNotFoundError(familiarReference(reference))
  using _use = await noteUseOf(store, stored.target, { signal })
  // What is read to choose is not read again to push.
  const { fetch } = holdManifests(contentOfName(store, reference))
  const remote = openRemote(runtime, reference)
  const chosen = await choosePushed(runtime, { fetch, has: store.content.has }, stored, {
    ...options,
    name: familiarReference(reference),
    to: reference,
    remote,
    sources: store.images,
    onEvent,
  })
  const source = storedSource(runtime, store, chosen.root, reference)
  const holders = source.holders?.(reference)
  const selection = await selectCopy({ ...source.content, fetch }, chosen.root, {
    retry: runtime.retry,
    signal,
    leftOut: chosen.leftOut,
    ...(chosen.isRewritten && { subset: { index: 'rewrite' } }),
  })
  const { root } = selection
  await using converted = await openConversion(runtime, { ...source.content, ...selection.source }, root, options)
  const pushAs = options.format === 'v2s1' ? pushSchema1 : push
  const target = await pushAs(
    converted.source,
    remote,
    { from: converted.root, to: reference },
    {
      signal,
      transfers: runtime.uploads,
      onEvent: chosen.insteadOf === undefined ? onEvent : tellingOf(chosen.insteadOf, chosen.root, onEvent),
      retry: runtime.retry,
      foreignLayers: foreignLayersOf(runtime, undefined),
      ...(!chosen.isRewritten && { leftOut: chosen.leftOut }),
      ...holders,
      onArrived: holders?.record,
    },
  )
  // What else was pushed is not what has the name.
  if (target.digest === stored.target.digest) {
    const byDigest = withoutTag(withDigest(reference, target.digest))
    await store.images.setNames([{ name: byDigest, target: stored.target }], { signal })
  }
  return { reference, target, ...(chosen.insteadOf && { insteadOf: chosen.insteadOf }) }
}

/** Tells that an image goes instead of its index, once the push has begun. */
function tellingOf(index: Descriptor, manifest: Descriptor, onEvent: OnEvent): OnEvent {
  return (event: DistributionEvent) => {
    onEvent(event)
    if (event.type === 'pushing') onEvent({ type: 'instead-of-index', index, manifest })
  }
}

/**
 * Pushes every tag of a repository, one after another, and stops at the first that fails.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` when it has none here
 */
export async function pushAllTags(
  runtime: Runtime,
  name: string,
  options: PushImageOptions = {},
): Promise<PushedImage[]> {
  const { domain, path } = parseRepository(name)
  const { images } = await runtime.openStore()
  const names = (await images.listNames(options)).map((record) => record.name)
  const tagged = names.filter((each) => each.tag !== undefined && each.domain === domain && each.path === path)
  if (tagged.length === 0) throw new ImageNotFoundError(familiarRepository({ domain, path }))
  const pushed: PushedImage[] = []
  for (const each of tagged) pushed.push(await pushImage(runtime, each, options))
  return pushed
}
