import type { BlobSizer, Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

/** A manifest that goes along because it refers to another one. */
export interface CopiedReferrer {
  readonly what: Descriptor
  readonly subject: Digest
}

/** What goes along with a selection. */
export interface Company {
  readonly referrers: readonly CopiedReferrer[]
  readonly tags: readonly CopiedTag[]
}

/** A manifest that goes along under a tag that is made of the digest of another one. */
export interface CopiedTag {
  readonly what: Descriptor
  readonly tag: string
}

/** What a copy brings. */
export interface CopySelection extends Company, Partial<BlobSizer> {
  /** What the source's name stands for. */
  readonly original: Descriptor
  /** What the copy's name stands for. */
  readonly root: Descriptor
  /** Gives all of it, also what was made for the copy; manifests that were read before come from memory. */
  readonly source: Fetcher
  /** Manifests that were made for the copy, by digest. */
  readonly made: ReadonlyMap<Digest, Uint8Array>
  /** Manifests below `root` that are not copied with it. */
  readonly leftOut: ReadonlySet<Digest>
  /** The images that were chosen of an index which is kept, in the order they were asked for; all of it by default. */
  readonly chosen?: readonly Descriptor[]
  /** The repository whose tags go along. */
  readonly tagsIn?: Repository | undefined
}
