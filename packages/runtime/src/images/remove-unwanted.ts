import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { NameRecord, StoredImage } from '@drayage/image-store'
import { familiarReference } from '@drayage/reference'

import type { Store } from '../store/store.ts'
import { isShown, type RemovedItem } from './remove-image.ts'
import { keeps, type ImageView } from './shown-image.ts'
import { releaseLayers, sweepContent } from './take-out.ts'

/** What is to be removed of what is shown as one image. */
export interface Unwanted {
  readonly id: Digest
  readonly targets: readonly Digest[]
}

/** What was removed. */
export interface RemovedUnwanted {
  readonly items: readonly RemovedItem[]
  /** Bytes of the content that went. */
  readonly bytes: number
}

/** Removes images in one step with all that only they need. With `all`, those with names too that keep them. */
export async function removeUnwanted(
  view: ImageView,
  store: Store,
  images: readonly Unwanted[],
  { all, signal }: AbortOptions & { readonly all: boolean },
): Promise<RemovedUnwanted> {
  if (images.length === 0) return { items: [], bytes: 0 }
  const { items, content } = await removeRecords(view, store, images, { all, signal })
  return { items, bytes: await sweepContent(store, content, { signal }) }
}

async function removeRecords(
  view: ImageView,
  store: Store,
  unwanted: readonly Unwanted[],
  { all, signal }: AbortOptions & { readonly all: boolean },
): Promise<{ readonly items: readonly RemovedItem[]; readonly content: readonly Digest[] }> {
  await using _lock = await store.lockImages({ signal })
  const going: Going[] = []
  for (const { id, targets } of unwanted) {
    const stored: StoredImage[] = []
    for (const digest of targets) {
      const found = await store.images.get({ digest }, { signal })
      // Somebody may have given it a name since.
      if (found !== undefined && (all || !found.names.some(keeps))) stored.push(found)
    }
    going.push({ id, stored, names: stored.flatMap(({ names }) => names).sort(byReference) })
  }
  const removed = await store.images.remove(
    {
      names: going.flatMap(({ names }) => names.map(({ name }) => name)),
      targets: going.flatMap(({ stored }) => stored.map(({ target }) => target.digest)),
    },
    { signal },
  )
  const left = new Set(removed.ids)
  const items: RemovedItem[] = []
  const content = [...removed.content]
  for (const { id, stored, names } of going) {
    items.push(...names.map(({ name }) => ({ Untagged: familiarReference(name) })))
    if (stored.length > 0 && !(await isShown(view, store, id))) items.push({ Deleted: id })
    const ids = stored
      .flatMap(({ platforms }) => platforms.map((image) => image.id))
      .filter((each) => left.delete(each))
    const { chainIds, blobs } = await releaseLayers(store, { ids })
    // An ID of a config stands for layers, one of a target for all that is below it.
    if (view.imageId === 'config') items.push(...chainIds.map((each) => ({ Deleted: each })))
    content.push(...blobs)
  }
  return { items, content }
}

interface Going {
  readonly id: Digest
  readonly stored: readonly StoredImage[]
  readonly names: readonly NameRecord[]
}

function byReference(a: NameRecord, b: NameRecord): number {
  return a.reference < b.reference ? -1 : 1
}
