import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { ImageStore } from './image-ports.ts'

/** Keeps content from being swept, in agreement with all processes that use the store. */
export interface ContentLeaser {
  /**
   * Keeps content for `holder`, stored already or not. Once this resolves no sweep removes it any more: what is stored then
   * stays, until the holder is released, or for a day after the holder has left or its process has ended.
   */
  keep(holder: string, digests: readonly Digest[], options?: AbortOptions): Promise<void>
  /** Ends `holder`; what it kept stays for a day, so that the next try finds it. */
  leave(holder: string): Promise<void>
  /** Ends all leases of `holder`, or those of some content. */
  release(holder: string, digests?: readonly Digest[]): Promise<void>
  /** Whether a holder that has not ended keeps this. */
  isKept(digest: Digest): Promise<boolean>
}

/** Options of {@link ContentSweeper.sweep}. */
export interface SweepContentOptions extends AbortOptions {
  /** How long the content of holders that ended without a release stays; `DEFAULT_LEASE_MS`, a day, by default. */
  readonly graceMs?: number | undefined
}

/** Finds the content that may be removed. */
export interface ContentSweeper {
  /**
   * Takes away, by `take`, those of `candidates` that no name, image, holding or lease needs. `take` is called in the
   * transaction that finds that out, and may not wait: once it returns the content is not there any more, so that nobody
   * counts on it, and nobody has to wait for a sweep. Resolves to what was taken.
   */
  sweep(candidates: readonly Digest[], take: (digest: Digest) => void, options?: SweepContentOptions): Promise<Digest[]>
  /** Those of `candidates` that a sweep without grace would take now. */
  unneeded(candidates: readonly Digest[], options?: AbortOptions): Promise<Digest[]>
}

/** Decides, for all processes that use a store, which content stays and which may go. */
export interface ContentLeases extends ContentLeaser, ContentSweeper {}

/**
 * Proof that who keeps content lives: something that ends with the process, whatever the clock says, such as a locked file,
 * or a row that is renewed. A life that has ended does not begin again.
 */
export interface HolderLife {
  /** The ID of the life of this process, which begins with the first call. */
  begin(): Promise<string>
  /** Those of some lives that have ended. */
  ended(lives: readonly string[], options?: AbortOptions): Promise<readonly string[]>
}

/** What content is to a repository. */
export type HoldingKind = 'blob' | 'manifest'

/** Options of {@link ContentHolder.hold}. */
export interface HoldOptions extends AbortOptions {
  /** What a manifest needs; nothing by default. */
  readonly parts?: readonly Digest[]
}

/** What repositories of a registry hold beyond the images with a name in them. */
export interface ContentHolder {
  /** Makes content part of a repository. */
  hold(kind: HoldingKind, repository: Repository, what: Descriptor, options?: HoldOptions): Promise<void>
  /** What a repository holds under a digest, by itself or as a part of an image with a name there. */
  find(
    kind: HoldingKind,
    repository: Repository,
    digest: Digest,
    options?: AbortOptions,
  ): Promise<Descriptor | undefined>
  /** Whether an image with a name in the repository needs this content as a part. */
  isNeeded(kind: HoldingKind, repository: Repository, digest: Digest, options?: AbortOptions): Promise<boolean>
  /** Removes content from a repository; resolves to whether it was held there by itself. */
  drop(kind: HoldingKind, repository: Repository, digest: Digest, options?: AbortOptions): Promise<boolean>
}

/** Which part of a sorted list is wanted. */
export interface HoldingsPage extends AbortOptions {
  readonly limit: number
  /** The entry before the first one wanted, whether it exists or not. */
  readonly after?: string | undefined
}

/** Which manifests of a repository have which subject. */
export interface ReferrerRecords {
  /** Records that `referrer` has this subject. */
  refer(repository: Repository, subject: Digest, referrer: Descriptor, options?: AbortOptions): Promise<void>
  /** The manifests that have this subject, in the order of their digests. */
  referrers(repository: Repository, subject: Digest, page: HoldingsPage): Promise<Descriptor[]>
  /** Forgets that a manifest has this subject. */
  unrefer(repository: Repository, subject: Digest, referrer: Digest, options?: AbortOptions): Promise<void>
}

/** Lists repositories and their tags. */
export interface RepositoryLister {
  /** The full names of the repositories that have a name or hold anything, sorted. */
  repositories(page: HoldingsPage): Promise<string[]>
  /** The tags of a repository, sorted; `undefined` when it has no name and holds nothing. */
  tags(repository: Repository, page: HoldingsPage): Promise<string[] | undefined>
}

/**
 * What a registry over the store needs besides names and images. Content that no name reaches stays for
 * {@link HOLDING_GRACE_MS} after it was held. Every change is durable when its call resolves.
 */
export interface Holdings extends ContentHolder, ReferrerRecords, RepositoryLister {}

/** How long content stays that no name reaches: a day, in which a push can finish. */
export const HOLDING_GRACE_MS: number = 24 * 60 * 60 * 1000

/** An upload that a client has begun at a registry. */
export interface UploadRecord {
  readonly id: string
  /** The repository's path, as the client named it. */
  readonly repository: string
  /** In milliseconds since 1970. */
  readonly startedAtMs: number
}

/** The uploads that have begun; every change is durable when its call resolves. */
export interface UploadRecords {
  open(upload: UploadRecord, options?: AbortOptions): Promise<void>
  find(id: string, options?: AbortOptions): Promise<UploadRecord | undefined>
  close(id: string, options?: AbortOptions): Promise<void>
  list(options?: AbortOptions): Promise<UploadRecord[]>
}

/** Everything that a store knows besides its content and layers. */
export interface Metadata {
  readonly images: ImageStore
  readonly leases: ContentLeases
  readonly holdings: Holdings
  readonly uploads: UploadRecords
}
