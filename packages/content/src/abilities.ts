import type {
  BlobSizer,
  Followable,
  Ingest,
  Mounter,
  ReferrerKeeper,
  ReferrerLister,
  SignedPutter,
  TaggedPutter,
  Verifier,
} from './ports.ts'

/** Tells whether the bytes of `ingest` can be read while they arrive. */
export function canFollow(ingest: Ingest): ingest is Ingest & Followable {
  return 'follow' in ingest && typeof ingest.follow === 'function'
}

/** Tells whether `source` can list what refers to content. */
export function canListReferrers(source: object): source is ReferrerLister {
  return 'referrers' in source && typeof source.referrers === 'function'
}

/** Tells whether `sink` can keep the list of what refers to content. */
export function canKeepReferrers(sink: object): sink is ReferrerKeeper {
  return 'keepReferrers' in sink && typeof sink.keepReferrers === 'function'
}

/** Tells whether `sink` can take content from another repository of the same registry. */
export function canMount(sink: object): sink is Mounter {
  return 'mount' in sink && typeof sink.mount === 'function'
}

/** Tells whether `sink` can store a manifest and name it in one step. */
export function canPutTagged(sink: object): sink is TaggedPutter {
  return 'putTagged' in sink && typeof sink.putTagged === 'function'
}

/** Tells whether `source` can tell how large a blob is. */
export function canTellSizes(source: object): source is BlobSizer {
  return 'sizeOf' in source && typeof source.sizeOf === 'function'
}

/** Tells whether `sink` can store signed manifests as they are. */
export function canPutSigned(sink: object): sink is SignedPutter {
  return 'putSigned' in sink && typeof sink.putSigned === 'function'
}

/** Tells whether `store` notices content that went bad. */
export function canVerify(store: object): store is Verifier {
  return 'verify' in store && 'setAside' in store && typeof store.setAside === 'function'
}
