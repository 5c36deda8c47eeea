import type { AbortOptions } from '@drayage/bytes'
import type { ContentStore, Taker } from '@drayage/content'
import type { Metadata } from '@drayage/image-store'
import type { LayerMeasurer, LayerReader, LayerRegistrar } from '@drayage/layer-store'
import type { Descriptor } from '@drayage/manifest'
import type { UploadSessionStore } from '@drayage/registry'

import type { StoreFinding } from '../check/store-finding.ts'

/**
 * Images with all that they are made of: content, layers and metadata. Any number of programs may have a store open at
 * once, where its kind allows that; disposing closes this opening.
 */
export interface Store extends Metadata, AsyncDisposable {
  readonly content: ContentStore & Taker
  readonly layers: LayerMeasurer & LayerRegistrar & LayerReader
  /**
   * Waits until no other holder changes which images the store has and which layers they hold, and keeps others out until
   * it is disposed or its process dies. Images and layers change in separate transactions; without the lock, a pull could
   * count on layers that a removal is about to take.
   */
  lockImages(options?: AbortOptions): Promise<AsyncDisposable>
}

/**
 * Where the images of a runtime are: a store that is opened when a verb needs it. Several runtimes may have the same
 * opener.
 */
export interface StoreOpener {
  /** Its place as users are shown it: a directory, or a URL without secrets. */
  readonly location: string
  /** Keeps the sessions of unfinished uploads; `undefined` when they may end with the process. */
  readonly uploadSessions: UploadSessionStore | undefined
  /**
   * Opens the store, and creates it when it is missing. It is called once by each runtime, and again after a failure or by
   * another runtime after the store was disposed of; every opening has the same images, and disposing ends only its own.
   */
  open(): Promise<Store>
  /** Whether the store exists. Nothing is created. */
  exists(): Promise<boolean>
  /** Opens room for the content that a conversion makes. Disposing removes it; the store itself is not opened. */
  openScratch(): Promise<Scratch>
}

/** Content that lasts as long as a command. */
export interface Scratch extends ContentStore, AsyncDisposable {}

/** How long an unfinished download is kept to be resumed, in milliseconds: a week. */
export const DEFAULT_INGEST_AGE_MS: number = 7 * 24 * 60 * 60 * 1000

/** What a sweep of leftovers removed. */
export interface SweptLeftovers {
  /** Downloads that were never finished. */
  readonly ingests: number
  /** Bytes that they held. */
  readonly bytes: number
}

/**
 * Removes what killed and failed commands left beside the content of a store. It is an ability that a store may have;
 * `canSweepLeftovers` tells.
 */
export interface LeftoverSweeper {
  /**
   * Removes unfinished downloads, uploads and conversions that nothing was added to for `olderThanMs`; not downloads that a
   * running command is at. Unfinished pushes of others to this machine stay for at least a week.
   */
  sweepLeftovers(options: AbortOptions & { readonly olderThanMs: number }): Promise<SweptLeftovers>
  /** The bytes of unfinished downloads and uploads, and how many of them a sweep of any age would remove now. */
  measureLeftovers(options?: AbortOptions): Promise<{ readonly bytes: number; readonly removable: number }>
  /** Claims a sweep, unless one was claimed within the `everyMs` before `nowMs`; resolves to whether it did. */
  claimSweep(everyMs: number, nowMs: number): Promise<boolean>
}

/** Tells beforehand whether there is room. It is an ability that a store may have; `canAssertRoom` tells. */
export interface RoomAsserter {
  /** Rejects unless there is room for what is not there yet of some content. */
  assertRoom(wanted: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/** Tells whether `store` knows if it has room. */
export function canAssertRoom(store: object): store is RoomAsserter {
  return 'assertRoom' in store && typeof store.assertRoom === 'function'
}

/** Compares the metadata with what they can be rebuilt from. It is an ability that a store may have; `canCompareMetadata` tells. */
export interface MetadataComparer {
  /** Rebuilds what is damaged, so that what is removed next is what nothing needs; takes time by what the store holds. */
  compareMetadata(): Promise<void>
}

/** Has a directory for large temporary files. It is an ability that a store may have; `canSpool` tells. */
export interface Spooler {
  /** The directory, which exists when this resolves. */
  spoolDirectory(): Promise<string>
}

/**
 * Checks what a store has beside content, images and layers. It is an ability that a store may have; `canCheckParts` tells.
 */
export interface PartChecker {
  /** What is found; with `repair`, what the store can mend by itself is mended. */
  checkParts(options: AbortOptions & { readonly repair: boolean }): AsyncIterable<StoreFinding>
}

/** Tells whether `store` checks its own parts. */
export function canCheckParts(store: object): store is PartChecker {
  return 'checkParts' in store && typeof store.checkParts === 'function'
}

/** Tells whether `store` has leftovers of its own that have to be swept. */
export function canSweepLeftovers(store: object): store is LeftoverSweeper {
  return 'sweepLeftovers' in store && typeof store.sweepLeftovers === 'function'
}

/** Tells whether `store` can compare its metadata. */
export function canCompareMetadata(store: object): store is MetadataComparer {
  return 'compareMetadata' in store && typeof store.compareMetadata === 'function'
}

/** Tells whether `store` has a directory for large temporary files. */
export function canSpool(store: object): store is Spooler {
  return 'spoolDirectory' in store && typeof store.spoolDirectory === 'function'
}
