import type { Mounter } from './ports.ts'

/** Tells whether `sink` can take content from another repository of the same registry. */
export function canMount(sink: object): sink is Mounter {
  return 'mount' in sink && typeof sink.mount === 'function'
}
