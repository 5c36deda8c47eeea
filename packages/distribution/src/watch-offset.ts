import type { Ingest } from '@drayage/content'

import { PROGRESS_BYTES } from './defaults.ts'

/** Tells whether a sink gets further from one try to the next. */
export interface OffsetWatch {
  /** Takes the ingest with which a try begins. */
  readonly onIngest: (ingest: Ingest) => void
  /** Whether a try has begun at least {@link PROGRESS_BYTES} further than the one at which this was last so. */
  readonly hasProgressed: () => boolean
}

/** Watches where the tries to bring content into a sink begin: what an ingest holds when a try begins, it has kept. */
export function watchOffset(): OffsetWatch {
  let mark = 0
  let offset = 0
  return {
    onIngest: (ingest) => void (offset = ingest.offset),
    hasProgressed: () => {
      if (offset - mark < PROGRESS_BYTES) return false
      mark = offset
      return true
    },
  }
}
