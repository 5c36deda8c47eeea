import type { ReferrerKeeper, ReferrerLister } from './ports.ts'

/** Tells whether `source` can list what refers to content. */
export function canListReferrers(source: object): source is ReferrerLister {
  return 'referrers' in source && typeof source.referrers === 'function'
}

/** Tells whether `sink` can keep the list of what refers to content. */
export function canKeepReferrers(sink: object): sink is ReferrerKeeper {
  return 'keepReferrers' in sink && typeof sink.keepReferrers === 'function'
}
