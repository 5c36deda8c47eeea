import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'
import { familiarReference } from '@drayage/reference'

import type { StoreAccess } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { findStored } from './find-stored-image.ts'
import { planRemoval } from './plan-removal.ts'
import { removePart } from './remove-part.ts'
import { shownId, type ImageView } from './shown-image.ts'
import { releaseLayers, sweepRemoved } from './take-out.ts'

/** A line of what was removed, as Docker's Engine API tells it (`DELETE /images/{name}`). */
export type RemovedItem = { readonly Untagged: string } | { readonly Deleted: string }

/** Options of {@link removeImage}. */
export interface RemoveImageOptions extends AbortOptions {
  /** Whether an ID takes names in several repositories away; `false` by default. */
  readonly force?: boolean
  /** Receives warnings. */
  readonly onEvent?: OnEvent
}

/**
 * Takes a name away, and with the last name all that it stood for: images, their layers and the blobs that nothing else
 * needs. The digest of one image of an index takes that image out of everything that has it. What a pull is bringing at
 * the same time stays.
 *
 * @param name a reference, an ID or the start of one
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws ImageConflictError `ERR_IMAGE_CONFLICT` and PlatformConflictError `ERR_PLATFORM_CONFLICT` unless it is forced
 */
export async function removeImage(
  runtime: StoreAccess & ImageView,
  name: string,
  options: RemoveImageOptions = {},
): Promise<RemovedItem[]> {
  const { force = false, signal } = options
  const store = await runtime.openStore()
  const { items, unneeded } = await removeRecords(runtime, store, name, { force, signal })
  await sweepRemoved(store, unneeded, options)
  return items
}

interface RemovedRecords {
  readonly items: RemovedItem[]
  /** Content that may have lost its last use. */
  readonly unneeded: readonly Digest[]
}

async function removeRecords(
  view: ImageView,
  store: Store,
  text: string,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal | undefined },
): Promise<RemovedRecords> {
  await using _lock = await store.lockImages({ signal })
  const found = await findStored(view, store, text, { signal })
  if (found.part !== undefined) {
    const { deleted, unneeded } = await removePart(store, text, found.part, { force, signal })
    return { items: [{ Deleted: deleted }], unneeded }
  }
  const plan = planRemoval(found, text, force)
  const items: RemovedItem[] = plan.untag.map(({ name }) => ({ Untagged: familiarReference(name) }))
  const removed = await store.images.remove(plan, { signal })
  const released = await releaseLayers(store, removed)
  const isGone = removed.targets.length > 0 && !(await isShown(view, store, found.image.id))
  if (isGone) items.push({ Deleted: found.image.id })
  // An ID of a config stands for layers, one of a target for all that is below it.
  if (view.imageId === 'config') items.push(...released.chainIds.map((id) => ({ Deleted: id })))
  return { items, unneeded: [...removed.content, ...released.blobs] }
}

/** Whether something is still shown under an ID. */
export async function isShown(view: ImageView, { images }: Pick<Store, 'images'>, id: Digest): Promise<boolean> {
  try {
    return (await images.find(id)).images.some((stored) => shownId(view, stored) === id)
  } catch {
    return false
  }
}
