import type { AbortOptions } from '@drayage/bytes'
import { findStored, type RemovedItem, type Runtime } from '@drayage/runtime'

import type { EngineEvents } from '../engine-events.ts'
import type { Exchange } from '../exchange.ts'

/** What events say of an image. */
export interface ImageIdentity {
  /** The ID that it is shown with. */
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * The ID and the labels of what a name or a digest stands for, which may be no image.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export async function imageIdentity(
  runtime: Runtime,
  name: string,
  options: AbortOptions = {},
): Promise<ImageIdentity> {
  const { images } = await runtime.openStore()
  const { image } = await findStored(runtime, { images }, name, options)
  const { id, platform } = image
  if (platform === undefined) return { id, labels: {} }
  try {
    const { value } = await images.readConfig(platform, options)
    return { id, labels: value.config?.Labels ?? {} }
  } catch {
    options.signal?.throwIfAborted()
    // What is damaged is removed and saved all the same, as far as that goes.
    return { id, labels: {} }
  }
}

/** The ID and the labels of an image that something has been done with; without labels if it is gone by now. */
export async function eventIdentity({ runtime }: Exchange, name: string): Promise<ImageIdentity> {
  try {
    return await imageIdentity(runtime, name)
  } catch {
    return { id: name, labels: {} }
  }
}

/** The labels of images, by ID. */
export type KnownImages = ReadonlyMap<string, Readonly<Record<string, string>> | null>

/**
 * Publishes an event for each removed name and image; removed layers have none.
 *
 * @param known the images before the removal
 * @param image the image of the names, if no image was removed
 */
export function publishRemoved(
  events: EngineEvents,
  removed: readonly RemovedItem[],
  known: KnownImages,
  image: string = '',
): void {
  removed.forEach((item, at) => {
    if ('Deleted' in item) {
      if (known.has(item.Deleted)) events.publish('delete', item.Deleted, { name: item.Deleted })
      return
    }
    // The names of an image precede it.
    const after = removed.slice(at).find((other) => 'Deleted' in other && known.has(other.Deleted))
    const id = after !== undefined && 'Deleted' in after ? after.Deleted : image
    events.publish('untag', id, { ...known.get(id), name: item.Untagged })
  })
}
