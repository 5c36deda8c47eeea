import type { Digest, ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { ContentSource, NewSource } from './image-ports.ts'
import type { HoldingKind, UploadRecord } from './ports.ts'
import type { ListedFacts, NameRecord, NewName, OtherContent, PlatformImage } from './stored-image.ts'

/** A part of a sorted list. */
export interface RowPage {
  readonly limit: number
  /** The entry before the first one wanted. */
  readonly after?: string | undefined
}

/** The rows of names. */
export interface NameTable {
  get(reference: string): NameRecord | undefined
  /** All names, sorted. */
  list(): NameRecord[]
  /** The names that stand for `target`, sorted. */
  ofTarget(target: Digest): NameRecord[]
  /** A name of a repository that stands for `target`. */
  inRepository(repository: Repository, target: Digest): NameRecord | undefined
  /** The tags of a repository, sorted. */
  tags(repository: Repository, page: RowPage): string[]
  set(name: NewName, namedAtMs: number): void
  remove(reference: string): void
}

/** What was kept as one. */
export interface TargetRow {
  readonly target: Descriptor
  readonly addedAtMs: number
  /** When its last use was recorded; absent when none is. */
  readonly usedAtMs?: number
}

/** The rows of targets. */
export interface TargetTable {
  get(digest: Digest): TargetRow | undefined
  /** All targets, in no order. */
  list(): TargetRow[]
  /** Adds a target; of one that is there only the descriptor changes, see `fullerDescriptor`. */
  add(row: Omit<TargetRow, 'usedAtMs'>): void
  /** Records a use of a target that is there. */
  use(digest: Digest, atMs: number): void
  /** Removes a target and what it has of content. */
  remove(digest: Digest): void
}

/** A manifest that is here with all that it needs. */
export type ContentRow =
  | { readonly kind: 'image'; readonly image: PlatformImage }
  | { readonly kind: 'other'; readonly other: OtherContent }

/** Where content has a digest: as that of its manifest, or of a part. */
export type PlaceInContent = 'manifest' | 'part'

/** The rows of what targets consist of. */
export interface ContentTable {
  get(manifest: Digest): ContentRow | undefined
  /** All content, each with the targets that have it, in the order in which they got it. */
  list(): { readonly target: Digest; readonly content: ContentRow }[]
  /** What a target has, in the order in which it came. */
  of(target: Digest): ContentRow[]
  /** The targets that have this manifest. */
  targetsOf(manifest: Digest): Digest[]
  /** What has this digest in targets, other than `except`, with a name in this repository. */
  inRepository(repository: Repository, digest: Digest, how: PlaceInContent, except?: Digest): ContentRow | undefined
  /** Whether this is a target, signed bytes of one or of a name, or a manifest or part of content. */
  isNeeded(digest: Digest): boolean
  /** Remembers what lists show of an image. */
  setFacts(manifest: Digest, facts: ListedFacts): void
  /** The manifests that are images with this config. */
  manifestsOf(image: ImageId): Digest[]
  /** Up to `limit` digests of targets, manifests of images and configs that start with this text, sorted. */
  startingWith(start: string, limit: number): Digest[]
  /** Makes content a part of a target. */
  add(target: Digest, content: ContentRow): void
  /** Takes content out of a target. */
  remove(target: Digest, manifest: Digest): void
  /** Forgets content that no target has. */
  forgetUnused(manifest: Digest): void
}

/** The rows of sources, the newest first. */
export interface SourceTable {
  /** Makes the repository the newest source; those beyond the `most` newest go. */
  put(source: NewSource, repository: Repository, most: number): void
  remove(digest: Digest, repository: Repository): void
  of(digest: Digest): ContentSource[]
}

/** The rows of leases and their holders. A holder lives with a life, or has ended. */
export interface LeaseTable {
  /** Adds a holder, or makes one that is there live with this life. */
  begin(holder: string, life: string): void
  put(holder: string, digest: Digest): void
  drop(holder: string, digest: Digest): void
  /** Removes a holder and its leases. */
  remove(holder: string): void
  isLeased(digest: Digest): boolean
  /** Whether a holder that has not ended keeps this. */
  isKept(digest: Digest): boolean
  isKeptBy(holder: string, digest: Digest): boolean
  /** The lives of the holders that have not ended, each once. */
  lives(): string[]
  /** Ends a holder. */
  end(holder: string, atMs: number): void
  /** Ends the holders that lived with this life. */
  endLife(life: string, atMs: number): void
  /** Removes the holders that ended at `beforeMs` or before; those that ended after `nowMs`, by another clock, end now. */
  expire(beforeMs: number, nowMs: number): void
}

/** What a repository holds. */
export interface HoldingRow {
  readonly repository: Repository
  readonly what: Descriptor
  readonly heldAtMs: number
}

/** What has another manifest for its subject. */
export interface ReferrerRow {
  readonly repository: Repository
  readonly subject: Digest
  readonly referrer: Descriptor
}

/** The rows of what repositories hold. */
export interface HoldingTable {
  put(kind: HoldingKind, repository: Repository, what: Descriptor, heldAtMs: number): void
  get(kind: HoldingKind, repository: Repository, digest: Digest): Descriptor | undefined
  remove(kind: HoldingKind, repository: Repository, digest: Digest): void
  /** All that is held of a kind, in no order. */
  list(kind: HoldingKind): HoldingRow[]
  /** Whether this was held after this time. */
  isHeldSince(digest: Digest, heldAtMs: number): boolean
  /** Content that was held after `nowMs`, by another clock, is held now. */
  correctTimes(nowMs: number): void
  /** Whether the repository has a name or holds anything. */
  hasRepository(repository: Repository): boolean
  /** The full names of the repositories that have a name or hold anything, sorted. */
  repositories(page: RowPage): string[]
  addParts(whole: Digest, parts: readonly Digest[]): void
  /** All parts, in no order. */
  listParts(): { readonly whole: Digest; readonly part: Digest }[]
  removePart(whole: Digest, part: Digest): void
  addReferrer(repository: Repository, subject: Digest, referrer: Descriptor): void
  /** The referrers of `subject` in the order of their digests. */
  referrers(repository: Repository, subject: Digest, page: RowPage): Descriptor[]
  /** All referrers, in no order. */
  listReferrers(): ReferrerRow[]
  removeReferrer(repository: Repository, subject: Digest, referrer: Digest): void
  /** What keeps this content where it stays itself: wholes that have it as a part, and subjects that it refers to. */
  keepersOf(digest: Digest): Digest[]
  /** Whether there are rows about this content. */
  knows(digest: Digest): boolean
  /** Removes all rows about this content. */
  forget(digest: Digest): void
}

/** The rows of uploads. */
export interface UploadTable {
  put(upload: UploadRecord): void
  get(id: string): UploadRecord | undefined
  remove(id: string): void
  /** All uploads, the oldest first. */
  list(): UploadRecord[]
}

/** Where metadata is kept: small synchronous steps, many of which make up a transaction. */
export interface Tables {
  readonly names: NameTable
  readonly targets: TargetTable
  readonly contents: ContentTable
  readonly sources: SourceTable
  readonly leases: LeaseTable
  readonly holdings: HoldingTable
  readonly uploads: UploadTable
  /** Runs `work` alone; nothing of it stays when it throws. */
  transaction<T>(work: () => T): T
  /** Runs `work`, which only reads, on one state. */
  snapshot<T>(work: () => T): T
}
