import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { familiarReference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import type { LocalStore } from './local-store.ts'

/** A line of what was removed, as Docker's Engine API tells it (`DELETE /images/{name}`). */
export type RemovedItem = { readonly Untagged: string } | { readonly Deleted: string }

/** Options of {@link removeImage}. */
export interface RemoveImageOptions extends AbortOptions {
  /** Whether an ID takes names in several repositories away; `false` by default. */
  readonly force?: boolean
}

/**
 * Takes a name away, and with the last name the image, its layers and the blobs that nothing else needs.
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
  const { images, layers, leases, content } = store
  const candidates = await blobsOf(store, name, options)
  const plan = await images.remove(name, options)
  const removed: RemovedItem[] = plan.untag.map((record) => ({ Untagged: familiarReference(record.name) }))
  if (plan.image === undefined) return removed
  removed.push({ Deleted: plan.image })
  const released = await layers.release(plan.image)
  removed.push(...released.layers.map(({ chainId }) => ({ Deleted: chainId })))
  await leases.sweep([...new Set([...candidates, ...released.blobs.map(({ digest }) => digest)])], (digest) =>
    content.delete(digest),
  )
  return removed
}

/** What the image behind `name` consists of, indexes that its names stand for included. */
async function blobsOf(store: LocalStore, name: string, options: AbortOptions): Promise<Digest[]> {
  const image = await store.images.find(name, options).catch(() => undefined)
  if (image === undefined) return []
  const names = await store.images.listNames(options)
  const targets = names.filter((record) => record.image === image.id).map((record) => record.target)
  return [image.manifest, image.config, ...image.layers, ...targets].map(({ digest }) => digest)
}
