import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { ContentStore, Followable, Ingest, IngestKey, RangeOptions, Taker, Verifier } from '@drayage/content'
import { assertIngestKey, createKeyedLock } from '@drayage/content'
import { type Digest, digestAlgorithm, isDigest } from '@drayage/digest'
import { disk, unlessMissing } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { createCheckedBlobs } from './checked-blobs.ts'
import { deleteBlob, readBlobFile, hasBlob, listBlobs } from './blobs.ts'
import { type CommitStep, openFsIngest } from './fs-ingest.ts'
import { IngestData } from './ingest-data.ts'
import { lockIngest } from './ingest-lock.ts'
import { createKeptHashes } from './kept-hashes.ts'
import { blobDirectory, blobFile, dataFile, ingestDirectory, layoutOf } from './layout.ts'
import { assertParts, prepareDirectory, syncNames } from './prepare-directory.ts'
import { suspectBlobs } from './suspect-blobs.ts'
import { listIngests, sweepIngests, type BegunIngest, type SweepOptions, type SweepResult } from './sweep-ingests.ts'
import { createTaker } from './taken-blobs.ts'
import { setAsideBlob, verifyBlobFile } from './verify-blobs.ts'

/** A content store on a file system. */
export interface FsStore extends ContentStore, Taker, Verifier, AsyncDisposable {
  begin(key: IngestKey, options?: AbortOptions): Promise<Ingest & Followable>
  /** Creates the directory, or refuses an unsafe one, now instead of in the first call that needs it. */
  prepare(options?: AbortOptions): Promise<void>
  /** Where the file of a blob is or would be. It is for reading only. */
  blobPath(digest: Digest): string
  /** How many bytes of some content are neither stored nor on their way in. */
  missingBytes(all: readonly Descriptor[], options?: AbortOptions): Promise<number>
  /** Removes the free ingests that got no bytes for `olderThanMs`, and what crashes left in the trash. */
  sweepIngests(options: SweepOptions): Promise<SweepResult>
  /** All ingests that were begun, in no order, also those that somebody is at. */
  listIngests(options?: AbortOptions): AsyncIterable<BegunIngest>
}

/** Options of {@link createFsStore}. */
export interface FsStoreOptions {
  /** The directory of the store; created with mode 0700 by the first call when it is missing. */
  readonly directory: string
  /** Whether nothing is created, synced or checked for its owner: for a store that can only be read; `false` by default. */
  readonly isReadOnly?: boolean
  /** The clock, in milliseconds since 1970; that of the system by default. */
  readonly now?: () => number
}

/** What tests watch. */
export interface FsStoreHooks {
  readonly onStep?: (step: CommitStep) => void
  readonly onReread?: (bytes: number) => void
}

/**
 * Creates a content store in a directory, which any number of processes may use at the same time. A commit resolves once
 * the content would survive a power cut; an ingest survives the death of its holder, and the next one need not wait.
 *
 * Every call may throw StoreUnsafeError `ERR_STORE_UNSAFE` and StoreUnwritableError `ERR_STORE_UNWRITABLE`; `append` and
 * `commit` also StoreFullError `ERR_STORE_FULL`, which keeps the bytes, and StoreIoError `ERR_STORE_IO`, which drops them.
 */
export function createFsStore(options: FsStoreOptions): FsStore {
  return openFsStore(options)
}

/** The store of these options. The first call looks at the directory and, if that fails, the next one again. */
export function openFsStore(
  { directory, isReadOnly = false, now = Date.now }: FsStoreOptions,
  hooks: FsStoreHooks = {},
): FsStore {
  const layout = layoutOf(directory)
  const keys = createKeyedLock()
  const kept = createKeptHashes()
  const checked = createCheckedBlobs()
  const { onStep = () => {}, onReread = () => {} } = hooks
  let preparing: Promise<void> | undefined

  const ready = async (options: AbortOptions): Promise<void> => {
    options.signal?.throwIfAborted()
    preparing ??= (isReadOnly ? assertParts(layout) : prepareDirectory(layout)).catch((error: unknown) => {
      preparing = undefined
      throw error
    })
    await preparing
  }
  const openIngest = async (
    key: IngestKey,
    releaseKey: () => void,
    options: AbortOptions,
  ): Promise<Ingest & Followable> => {
    const path = ingestDirectory(layout, key)
    const lock = await lockIngest(path, options)
    try {
      const algorithm = isDigest(key) ? digestAlgorithm(key) : 'sha256'
      const data = await IngestData.open({ key, algorithm, path: dataFile(path), kept, onReread })
      return openFsIngest({
        key,
        data,
        lock,
        releaseKey,
        has: (what) => hasBlob(layout, what),
        blobPath: (what) => blobFile(layout, what.digest),
        syncNames: (what) => syncNames(blobDirectory(layout, what.digest)),
        clear: (what) => deleteBlob(layout, what.digest),
        onStep,
      })
    } catch (error) {
      lock.release()
      throw error
    }
  }

  return {
    async *fetch(what: Descriptor, options: RangeOptions = {}): ByteStream {
      await ready(options)
      yield* readBlobFile({ layout, checked }, what, options)
    },
    prepare: (options = {}) => ready(options),
    async has(what, options = {}) {
      await ready(options)
      return hasBlob(layout, what)
    },
    async begin(key, options = {}) {
      assertIngestKey(key)
      await ready(options)
      const releaseKey = await keys.acquire(key, options)
      try {
        return await openIngest(key, releaseKey, options)
      } catch (error) {
        releaseKey()
        throw error
      }
    },
    async delete(digest, options = {}) {
      await ready(options)
      return deleteBlob(layout, digest)
    },
    async *list(options = {}) {
      await ready(options)
      yield* listBlobs(layout, options)
    },
    async verify(what, options = {}) {
      await ready(options)
      return verifyBlobFile(layout, what, options)
    },
    async suspects(all, options = {}) {
      await ready(options)
      return suspectBlobs(layout, all, options)
    },
    async setAside(digest, options = {}) {
      await ready(options)
      return setAsideBlob(layout, digest, options)
    },
    ...createTaker(layout),
    blobPath: (digest) => blobFile(layout, digest),
    async missingBytes(all, options = {}) {
      await ready(options)
      let bytes = 0
      for (const what of new Map(all.map((each) => [each.digest, each])).values()) {
        options.signal?.throwIfAborted()
        if (await hasBlob(layout, what)) continue
        const begun = await unlessMissing(disk.lstat(dataFile(ingestDirectory(layout, what.digest))))
        bytes += Math.max(0, what.size - (begun?.size ?? 0))
      }
      return bytes
    },
    async sweepIngests(options) {
      await ready(options)
      return sweepIngests(layout, now(), options)
    },
    async *listIngests(options = {}) {
      await ready(options)
      yield* listIngests(layout, options)
    },
    async [Symbol.asyncDispose]() {
      await preparing?.catch(() => {})
    },
  }
}
