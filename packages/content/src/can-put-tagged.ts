import type { TaggedPutter } from './ports.ts'

/** Tells whether `sink` can store a manifest and name it in one step. */
export function canPutTagged(sink: object): sink is TaggedPutter {
  return 'putTagged' in sink && typeof sink.putTagged === 'function'
}
