import type { Digest } from '@drayage/digest'
import type { Reference } from '@drayage/reference'

import type {
  Checker,
  Deleter,
  Fetcher,
  Ingester,
  Lister,
  ReferrerKeeper,
  ReferrerLister,
  Resolver,
  Tagger,
  Taker,
  Untagger,
  Verifier,
} from '../ports.ts'
import type { Requirement } from './requirement.ts'
import type { Sample } from './samples.ts'

/** What a place that is read holds. */
export interface HeldContent {
  readonly contents: readonly Sample[]
}

/** What a place is called that is read by names; the content is manifests that need nothing else. */
export interface NamedManifests {
  readonly names: readonly { readonly name: Reference; readonly manifest: Sample }[]
}

/** A manifest, those that refer to it, and what these need besides. */
export interface ReferredManifest {
  readonly subject: Sample
  readonly referrers: readonly Sample[]
  readonly parts: readonly Sample[]
}

/** A way to count what is open, which a harness gives or says that it lacks. */
export interface HandleCounter {
  /** How many files, sockets or other handles are open. */
  openHandles?(): Promise<number>
}

/** What `fetch` is checked of. */
export interface FetchSubject extends HandleCounter {
  readonly source: Fetcher
}

/** What `has` is checked of. */
export interface HasSubject {
  readonly source: Checker
}

/** What an ingester is checked by. */
export interface IngestSubject extends HandleCounter {
  readonly store: Ingester & Checker & Fetcher
  /** Opens the same content by another instance, as another process would; given, or lacked. */
  reopen?(): Promise<Ingester & Checker & Fetcher>
}

/** A requirement on a store that takes content in, empty at its start. */
export type IngestRequirement = Requirement<object, IngestSubject>

/** What `resolve` is checked of. */
export interface ResolveSubject {
  readonly source: Resolver
}

/** What `tag` is checked of. */
export interface TagSubject {
  readonly store: Tagger & Resolver & Partial<Untagger>
}

/** What `list` is checked of. */
export interface ListSubject {
  readonly store: Lister
}

/** What `delete` is checked of. */
export interface DeleteSubject {
  /** Without `take`, `take` is lacked. */
  readonly store: Deleter & Ingester & Checker & Fetcher & Partial<Taker>
}

/** What noticing damage is checked of. */
export interface VerifySubject {
  readonly store: Verifier & Ingester & Checker
  /** Changes the first byte of stored content behind the store's back. */
  damage(digest: Digest): Promise<void>
}

/** What lists of referrers are checked of. */
export interface ReferrersSubject {
  readonly source: ReferrerLister
}

/** What keeping lists of referrers is checked of. */
export interface KeepReferrersSubject {
  readonly store: ReferrerLister & ReferrerKeeper
}
