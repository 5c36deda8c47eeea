import { randomBytes } from 'node:crypto'
import { chmod, type FileHandle, mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { assertIngestKey, createIngest, createKeyedLock, type IngestBytes, type Ingester } from '@drayage/content'
import { createHasher, digestAlgorithm, type DigestAlgorithm, digestOfStream, isDigest } from '@drayage/digest'
import { fileBytes, syncDirectory, systemCode, throwWriteFailure, writeFailure, writeFully } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { writeBlocks } from './output/write-blocks.ts'

/** The directory of partial files below that of a layout or an image. */
const INGESTS = '.drayage-ingest'

/** How often the directory of partial files may be removed while it is being used. */
const MOST_TRIES = 100

/** How many bytes are written before the disk is asked to take them, so that little is left to do at the commit. */
const SYNC_BYTES = 32 * 1_048_576

/** Where content that comes into a directory goes. */
export interface DirectoryIngesterOptions {
  readonly directory: string
  /** The file of content. */
  readonly pathOf: (what: Descriptor) => string
  readonly has: (what: Descriptor) => Promise<boolean>
}

/** Takes content into files of a directory. Disposing an ingest drops its bytes. */
export function createDirectoryIngester({ directory, pathOf, has }: DirectoryIngesterOptions): Ingester {
  const keys = createKeyedLock()
  return {
    async begin(key, { signal } = {}) {
      assertIngestKey(key)
      const release = await keys.acquire(key, { signal })
      try {
        const algorithm = isDigest(key) ? digestAlgorithm(key) : 'sha256'
        const partial = await openPartial(join(directory, INGESTS))
        return createIngest({ key, bytes: partialBytes(partial, algorithm, pathOf), has, release })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** A file of content that is not whole. */
interface PartialFile {
  readonly path: string
  readonly file: FileHandle
}

async function openPartial(directory: string): Promise<PartialFile> {
  const path = join(directory, randomBytes(12).toString('hex'))
  for (let left = MOST_TRIES; ; left--) {
    try {
      await mkdir(directory, { recursive: true })
      return { path, file: await open(path, 'wx+', 0o600) }
    } catch (error) {
      // The last ingest of another process removed the directory meanwhile.
      if (left === 0 || systemCode(error) !== 'ENOENT') throw writeFailure(error, path)
    }
  }
}

function partialBytes(
  { path, file }: PartialFile,
  algorithm: DigestAlgorithm,
  pathOf: (what: Descriptor) => string,
): IngestBytes {
  let hasher = createHasher(algorithm)
  let size = 0
  let unsynced = 0
  let syncing: Promise<void> | undefined
  let syncFailure: { readonly error: unknown } | undefined

  const syncInBackground = (written: number): void => {
    unsynced += written
    if (syncing !== undefined || unsynced < SYNC_BYTES) return
    unsynced = 0
    syncing = file.datasync().then(
      () => void (syncing = undefined),
      (error: unknown) => void (syncFailure ??= { error }),
    )
  }
  /** Makes the hash that of the bytes in the file, after a write has failed. */
  const rehash = async (): Promise<void> => {
    await file.truncate(size)
    hasher = createHasher(algorithm)
    for await (const block of fileBytes(file, { end: size })) hasher.update(block)
  }
  const end = async (): Promise<void> => {
    await syncing
    await file.close()
    await rm(path, { force: true })
    // Others may have files in it.
    await rmdir(dirname(path)).catch(() => {})
  }

  return {
    get size() {
      return size
    },
    async append(source, { signal }) {
      const write = async (block: Uint8Array): Promise<void> => {
        await writeFully(file, block, size).catch(throwWriteFailure(path))
        size += block.byteLength
        syncInBackground(block.byteLength)
      }
      try {
        await writeBlocks(source, write, { signal, onBlock: (block) => hasher.update(block) })
      } catch (error) {
        await rehash()
        throw error
      }
    },
    async digest(wanted) {
      return wanted === algorithm
        ? hasher.digest()
        : (await digestOfStream(fileBytes(file, { end: size }), wanted)).digest
    },
    async drop() {
      await file.truncate(0)
      size = 0
      hasher = createHasher(algorithm)
    },
    async publish(what) {
      const target = pathOf(what)
      try {
        await mkdir(dirname(target), { recursive: true })
        await chmod(path, 0o644)
        await syncing
        // The system reports lost bytes once; a later sync would succeed.
        if (syncFailure !== undefined) throw syncFailure.error
        await file.sync()
        await rename(path, target)
      } catch (error) {
        throw writeFailure(error, target)
      }
      try {
        await syncDirectory(dirname(target))
      } catch (error) {
        // Whatever the disk says, the file is content now, which must not be written to.
        await end()
        throw error
      }
    },
    end,
    putDown: end,
  }
}
