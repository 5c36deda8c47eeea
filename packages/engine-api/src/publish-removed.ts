import type { RemovedItem } from '@drayage/runtime'

import type { EngineEvents } from './engine-events.ts'

/** Tells of each name and image that was removed. */
export function publishRemoved(events: EngineEvents, removed: readonly RemovedItem[]): void {
  for (const item of removed) {
    if ('Untagged' in item) events.publish('untag', item.Untagged, { name: item.Untagged })
    else events.publish('delete', item.Deleted, { name: item.Deleted })
  }
}
