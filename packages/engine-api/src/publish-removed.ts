import type { RemovedItem } from '@drayage/runtime'

import type { EngineEvents } from './engine-events.ts'

/** Labels by image. */
export type KnownImages = ReadonlyMap<string, Readonly<Record<string, string>> | null>

/**
 * Tells of each name and image that was removed; of layers nothing is told.
 *
 * @param known the images of before
 * @param image whose names were removed, where no image was
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
    // Names come before the image that they stood for.
    const after = removed.slice(at).find((other) => 'Deleted' in other && known.has(other.Deleted))
    const id = after !== undefined && 'Deleted' in after ? after.Deleted : image
    events.publish('untag', id, { ...known.get(id), name: id })
  })
}
