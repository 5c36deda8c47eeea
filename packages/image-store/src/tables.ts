import type { Digest, ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { ContentSource, NewSource } from './image-ports.ts'
import type { HoldingKind, UploadRecord } from './ports.ts'
import type { NameRecord, NewName, OtherContent, PlatformImage } from './stored-image.ts'

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
  /** The tags of a repository, sorted. */
  tags(repository: Repository, page: RowPage): string[]
  set(name: NewName, namedAtMs: number): void
  remove(reference: string): void
}

/** What was kept as one. */
export interface TargetRow {
  readonly target: Descriptor
  readonly addedAtMs: number
}

/** The rows of targets. */
export interface TargetTable {
  get(digest: Digest): TargetRow | undefined
  /** All targets, in no order. */
  list(): TargetRow[]
  /** Adds a target; of one that is there only the descriptor changes, see `fullerDescriptor`. */
  add(row: TargetRow): void
  /** Removes a target and what it has of content. */
  remove(digest: Digest): void
}

/** A manifest that is here with all that it needs. */
export type ContentRow =
  | { readonly kind: 'image'; readonly image: PlatformImage }
  | { readonly kind: 'other'; readonly other: OtherContent }

/** The rows of what targets consist of. */
export interface ContentTable {
  get(manifest: Digest): ContentRow | undefined
  /** All content, each with the targets that have it, in the order in which they got it. */
  list(): { readonly target: Digest; readonly content: ContentRow }[]
  /** What a target has, in the order in which it came. */
  of(target: Digest): ContentRow[]
  /** The targets that have this manifest. */
  targetsOf(manifest: Digest): Digest[]
  /** What has this digest, as its manifest or a part, in targets with a name in this repository. */
  inRepository(repository: Repository, digest: Digest): { readonly target: Digest; readonly content: ContentRow }[]
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

/** The rows of leases, and of content that a sweep is removing. */
export interface LeaseTable {
  put(holder: string, digest: Digest, untilMs: number): void
  remove(holder: string): void
  isLeased(digest: Digest): boolean
  condemn(digest: Digest, untilMs: number): void
  isCondemned(digest: Digest): boolean
  /** Takes back a `condemn` of this time. */
  pardon(digest: Digest, untilMs: number): void
  /** Removes the rows whose time is over. */
  expire(nowMs: number): void
}

/** Content that keeps other content. */
export interface HoldingLink {
  readonly from: Digest
  readonly to: Digest
}

/** The rows of what repositories hold. */
export interface HoldingTable {
  put(kind: HoldingKind, repository: Repository, what: Descriptor, heldAtMs: number): void
  get(kind: HoldingKind, repository: Repository, digest: Digest): Descriptor | undefined
  remove(kind: HoldingKind, repository: Repository, digest: Digest): void
  /** Content that was held after this time. */
  since(heldAtMs: number): Digest[]
  /** Whether the repository has a name or holds anything. */
  hasRepository(repository: Repository): boolean
  /** The full names of the repositories that have a name or hold anything, sorted. */
  repositories(page: RowPage): string[]
  addParts(whole: Digest, parts: readonly Digest[]): void
  removePart(whole: Digest, part: Digest): void
  addReferrer(repository: Repository, subject: Digest, referrer: Descriptor): void
  /** The referrers of `subject` in the order of their digests. */
  referrers(repository: Repository, subject: Digest, page: RowPage): Descriptor[]
  removeReferrer(repository: Repository, subject: Digest, referrer: Digest): void
  /** What keeps other content: wholes their parts, and subjects what refers to them. */
  links(): HoldingLink[]
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
}
