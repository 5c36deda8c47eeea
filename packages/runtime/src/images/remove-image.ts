import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'
import { familiarReference } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import { lockImages } from './image-lock.ts'
import type { LocalStore } from '../store/local-store.ts'
import { sweepWhenDue } from './sweep-store.ts'

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
 * Takes a name away, and with the last name the image, its layers and the blobs that nothing else needs. What a pull is
 * bringing at the same time stays.
 *
 * @param name a reference, an ID or the start of one
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws ImageConflictError `ERR_IMAGE_CONFLICT`
 */
export async function removeImage(
  runtime: Runtime,
  name: string,
  options: RemoveImageOptions = {},
): Promise<RemovedItem[]> {
  const store = await runtime.openStore()
  const { items, unneeded } = await removeRecords(store, name, options)
  await store.leases.sweep([...new Set(unneeded)], (digest) => store.content.delete(digest))
  await sweepWhenDue(store, options.onEvent ?? ((): void => {}))
  return items
}

interface Removal {
  readonly items: RemovedItem[]
  /** Content that may have lost its last use. */
  readonly unneeded: readonly Digest[]
}

async function removeRecords(
  { content, images, layers }: LocalStore,
  name: string,
  options: RemoveImageOptions,
): Promise<Removal> {
  await using _lock = await lockImages(content, options)
  const { image: planned } = await images.planRemoval(name, options)
  const record = planned === undefined ? undefined : await images.get(planned, options)
  const { untag, image } = await images.remove(name, options)
  const items: RemovedItem[] = untag.map((each) => ({ Untagged: familiarReference(each.name) }))
  const targets = untag.map(({ target }) => target)
  if (image === undefined) return { items, unneeded: targets.map(({ digest }) => digest) }
  const released = await layers.release(image)
  items.push({ Deleted: image }, ...released.layers.map(({ chainId }) => ({ Deleted: chainId })))
  const parts = record === undefined ? [] : [record.manifest, record.config, ...record.layers]
  return { items, unneeded: [...targets, ...parts, ...released.blobs].map(({ digest }) => digest) }
}
