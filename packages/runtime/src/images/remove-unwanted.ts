import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { NameRecord, StoredImage } from '@drayage/image-store'
import { familiarReference } from '@drayage/reference'

import type { Store } from '../store/store.ts'
import type { PlannedRemoval } from './prune-policy.ts'
import { isShown, type RemovedItem } from './remove-image.ts'
import { keeps, type ImageView } from './shown-image.ts'
import { joinReleased, sweepContent } from './take-out.ts'

/** What is to be removed of what is shown as one image. */
export interface Unwanted {
  readonly id: Digest
  readonly targets: readonly Pick<PlannedRemoval, 'target' | 'names' | 'isWhole' | 'usedAtMs'>[]
}

/** What was removed. */
export interface RemovedUnwanted {
  readonly items: readonly RemovedItem[]
  /** Bytes of the content that went. */
  readonly bytes: number
}

/** Removes images and names in one step with all that only they need; an image that was used or got another name since stays. */
export async function removeUnwanted(
  view: ImageView,
  store: Store,
  images: readonly Unwanted[],
  { signal }: AbortOptions,
): Promise<RemovedUnwanted> {
  if (images.length === 0) return { items: [], bytes: 0 }
  const { items, content } = await removeRecords(view, store, images, { signal })
  return { items, bytes: await sweepContent(store, content, { signal }) }
}

async function removeRecords(
  view: ImageView,
  store: Store,
  unwanted: readonly Unwanted[],
  { signal }: AbortOptions,
): Promise<{ readonly items: readonly RemovedItem[]; readonly content: readonly Digest[] }> {
  await using _lock = await store.lockImages({ signal })
  const going: Going[] = []
  for (const { id, targets } of unwanted) {
    const stored: StoredImage[] = []
    const names: NameRecord[] = []
    for (const planned of targets) {
      const found = await store.images.get({ digest: planned.target }, { signal })
      if (found === undefined || found.usedAtMs > planned.usedAtMs) continue
      const isPlanned = ({ reference }: NameRecord): boolean =>
        planned.names.some((each) => each.reference === reference)
      // Somebody may have given it a name since.
      if (planned.isWhole && found.names.some((each) => keeps(each) && !isPlanned(each))) continue
      if (planned.isWhole) stored.push(found)
      names.push(...found.names.filter((each) => planned.isWhole || isPlanned(each)))
    }
    going.push({ id, stored, names: names.sort(byReference) })
  }
  const removed = await store.images.remove(
    {
      names: going.flatMap(({ names }) => names.map(({ name }) => name)),
      targets: going.flatMap(({ stored }) => stored.map(({ target }) => target.digest)),
    },
    { signal },
  )
  const left = new Set(removed.ids)
  const idsOf = going.map(({ stored }) =>
    stored.flatMap(({ platforms }) => platforms.map((image) => image.id)).filter((each) => left.delete(each)),
  )
  const released = [...(await store.layers.releaseAll(idsOf.flat()))]
  const items: RemovedItem[] = []
  const content = [...removed.content]
  for (const [at, { id, stored, names }] of going.entries()) {
    items.push(...names.map(({ name }) => ({ Untagged: familiarReference(name) })))
    if (stored.length > 0 && !(await isShown(view, store, id))) items.push({ Deleted: id })
    const { chainIds, blobs } = joinReleased(released.splice(0, idsOf[at]?.length))
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
