import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { ContentStore, Followable, Ingest, IngestKey, RangeOptions } from '@drayage/content'
import { assertIngestKey, createKeyedLock } from '@drayage/content'
import { type Digest, digestAlgorithm, isDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { deleteBlob, fetchBlob, hasBlob, listBlobs, verifyBlob, type BlobState } from './blobs.ts'
import { type CommitStep, FsIngest } from './fs-ingest.ts'
import { IngestData } from './ingest-data.ts'
import { lockIngest } from './ingest-lock.ts'
import { createKeptHashes } from './kept-hashes.ts'
import { blobDirectory, blobFile, dataFile, ingestDirectory, layoutOf } from './layout.ts'
import { prepareDirectory, syncDirectory } from './prepare-directory.ts'
import { sweepIngests, type SweepOptions, type SweepResult } from './sweep-ingests.ts'

/** A content store on a file system. */
export interface FsStore extends ContentStore, AsyncDisposable {
  begin(key: IngestKey, options?: AbortOptions): Promise<Ingest & Followable>
  /** Creates the directory, or refuses one that is not safe, now and not in the first call that needs it. */
  prepare(options?: AbortOptions): Promise<void>
  /** The file of a blob, whether it is there or not. It is for reading only. */
  blobPath(digest: Digest): string
  /** Reads a blob and tells whether it still is what its digest says. */
  verifyBlob(digest: Digest, options?: AbortOptions): Promise<BlobState>
  /** Removes the ingests that nobody holds and that got no bytes for `olderThanMs`, and what crashes left in the trash. */
  sweepIngests(options: SweepOptions): Promise<SweepResult>
}

/** Options of {@link createFsStore}. */
export interface FsStoreOptions {
  /** The directory of the store; created with mode 0700 by the first call when it is missing. */
  readonly directory: string
  /** The clock, in milliseconds since 1970; that of the system by default. */
  readonly now?: () => number
}

/** What tests watch. */
export interface FsStoreHooks {
  readonly onStep?: (step: CommitStep) => void
  readonly onReread?: (bytes: number) => void
}

/** Creates the store of these options. The directory is looked at by the first call and, if that fails, by the next. */
export function openFsStore({ directory, now = Date.now }: FsStoreOptions, hooks: FsStoreHooks = {}): FsStore {
  const layout = layoutOf(directory)
  const keys = createKeyedLock()
  const kept = createKeptHashes()
  const { onStep = () => {}, onReread = () => {} } = hooks
  let preparing: Promise<void> | undefined

  const ready = async (options: AbortOptions): Promise<void> => {
    options.signal?.throwIfAborted()
    preparing ??= prepareDirectory(layout).catch((error: unknown) => {
      preparing = undefined
      throw error
    })
    await preparing
  }
  const openIngest = async (key: IngestKey, releaseKey: () => void, options: AbortOptions): Promise<FsIngest> => {
    const path = ingestDirectory(layout, key)
    const lock = await lockIngest(path, options)
    try {
      const algorithm = isDigest(key) ? digestAlgorithm(key) : 'sha256'
      const data = await IngestData.open({ key, algorithm, path: dataFile(path), kept, onReread })
      return new FsIngest({
        key,
        data,
        lock,
        releaseKey,
        has: (what) => hasBlob(layout, what),
        blobPath: (what) => blobFile(layout, what.digest),
        syncNames: (what) => syncDirectory(blobDirectory(layout, what.digest)),
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
      yield* fetchBlob(layout, what, options)
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
    blobPath: (digest) => blobFile(layout, digest),
    async verifyBlob(digest, options = {}) {
      await ready(options)
      return verifyBlob(layout, digest, options)
    },
    async sweepIngests(options) {
      await ready(options)
      return sweepIngests(layout, now(), options)
    },
    async [Symbol.asyncDispose]() {
      await preparing?.catch(() => {})
    },
  }
}
