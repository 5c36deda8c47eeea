import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { assertIngestKey, createIngest, createKeyedLock, type IngestBytes, type Ingester } from '@drayage/content'
import { createHasher, digestAlgorithm, type DigestAlgorithm, digestOfStream, isDigest } from '@drayage/digest'
import {
  disk,
  fileBytes,
  type FileName,
  type HeldDirectory,
  holdDirectory,
  publishFile,
  removeLeftBehind,
  systemCode,
  temporaryBeside,
  throwWriteFailure,
  UnsafePathError,
  writeFailure,
  writeFully,
} from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { writeBlocks } from './output/write-blocks.ts'
import type { SinkDirectory } from './sink-directory.ts'

/** The directory of partial files below that of a layout or an image. */
const INGESTS = '.drayage-ingest'

/** What partial files are named after. */
const PARTIAL = 'blob'

/** How often the directory of partial files may be removed while it is being used. */
const MOST_TRIES = 100

/** How many bytes are written before the disk is asked to take them, so that little is left to do at the commit. */
const SYNC_BYTES = 32 * 1_048_576

/** Where content that comes into a directory goes. */
export interface DirectoryIngesterOptions {
  readonly directory: SinkDirectory
  /** The names that lead to content from the directory on. */
  readonly pathOf: (what: Descriptor) => readonly [...directories: string[], name: string]
  readonly has: (what: Descriptor) => Promise<boolean>
}

/**
 * Takes content into files of a directory, which may belong to somebody else: no link in it is followed, and what somebody
 * puts in the place of a file or directory while it is in use is refused with UnsafePathError `ERR_UNSAFE_PATH`. Disposing
 * an ingest drops its bytes.
 */
export function createDirectoryIngester({ directory, pathOf, has }: DirectoryIngesterOptions): Ingester {
  const keys = createKeyedLock()
  return {
    async begin(key, { signal } = {}) {
      assertIngestKey(key)
      const release = await keys.acquire(key, { signal })
      try {
        const algorithm = isDigest(key) ? digestAlgorithm(key) : 'sha256'
        const partial = await openPartial(directory)
        return createIngest({ key, bytes: partialBytes(partial, algorithm, pathOf), has, release })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** A file of content that is not whole, and the directories that it works in. */
interface PartialFile extends FileName {
  readonly root: HeldDirectory
  readonly file: FileHandle
}

async function openPartial(sink: SinkDirectory): Promise<PartialFile> {
  const root = await sink.hold()
  try {
    for (let left = MOST_TRIES; ; left--) {
      const opened = await tryOpenPartial(root)
      if (opened !== undefined) return opened
      // The last ingest of another process removed the directory meanwhile.
      if (left === 0) throw new UnsafePathError(join(root.path, INGESTS), 'changed')
    }
  } catch (error) {
    await root[Symbol.asyncDispose]()
    throw error
  }
}

async function tryOpenPartial(root: HeldDirectory): Promise<PartialFile | undefined> {
  const directory = await holdDirectory(INGESTS, { within: root, create: true })
  const name = basename(temporaryBeside(PARTIAL))
  try {
    await removeLeftBehind({ directory, name: PARTIAL })
    return { root, directory, name, file: await disk.open(directory.at(name), 'wx+', 0o600) }
  } catch (error) {
    await directory[Symbol.asyncDispose]()
    if (systemCode(error) === 'ENOENT') return undefined
    throw writeFailure(error, join(directory.path, name))
  }
}

function partialBytes(
  { root, directory, name, file }: PartialFile,
  algorithm: DigestAlgorithm,
  pathOf: DirectoryIngesterOptions['pathOf'],
): IngestBytes {
  const path = join(directory.path, name)
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
    await disk.rm(directory.at(name), { force: true }).catch(() => {})
    // Others may have files in it.
    await disk.rmdir(root.at(INGESTS)).catch(() => {})
    await directory[Symbol.asyncDispose]()
    await root[Symbol.asyncDispose]()
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
      const names = pathOf(what)
      await using target = await holdDirectory(join(...names.slice(0, -1)), { within: root, create: true })
      const to = { directory: target, name: names.at(-1) ?? '' }
      try {
        await file.chmod(0o644)
        await syncing
        // The system reports lost bytes once; a later sync would succeed.
        if (syncFailure !== undefined) throw syncFailure.error
        await file.sync()
      } catch (error) {
        throw writeFailure(error, join(target.path, to.name))
      }
      await publishFile(file, { directory, name }, to)
      try {
        await target.sync()
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
