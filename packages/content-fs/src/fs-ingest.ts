import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createIngest, type Followable, type Ingest, type IngestBytes, IngestClosedError } from '@drayage/content'
import { disk, systemCode } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { storeFailure } from './errors.ts'
import type { IngestData } from './ingest-data.ts'
import type { IngestLock } from './ingest-lock.ts'
import { dataFile } from './layout.ts'

/** A step of a commit that is done. Tests end the process there. */
export type CommitStep = 'verified' | 'sealed' | 'renamed' | 'directory-synced' | 'ingest-removed'

/** What an ingest needs of its store. */
export interface FsIngestParts {
  readonly key: string
  readonly data: IngestData
  readonly lock: IngestLock
  /** Lets the next holder in this process in. */
  readonly releaseKey: () => void
  readonly has: (what: Descriptor) => Promise<boolean>
  readonly blobPath: (what: Descriptor) => string
  /** Makes the names in the directory of a blob durable. */
  readonly syncNames: (what: Descriptor) => Promise<void>
  /** Clears whatever is in the place of a blob. */
  readonly clear: (what: Descriptor) => Promise<unknown>
  readonly onStep: (step: CommitStep) => void
}

/** Opens an ingest of a content store on a file system, whose lock and key the caller holds. */
export function openFsIngest(parts: FsIngestParts): Ingest & Followable {
  const { key, data, lock, releaseKey, blobPath, syncNames, clear, onStep } = parts
  let isEnded = false

  const end = async (): Promise<void> => {
    if (isEnded) return
    isEnded = true
    try {
      await data.close()
      await lock.remove()
      onStep('ingest-removed')
    } finally {
      lock.release()
    }
  }
  const bytes: IngestBytes = {
    get size() {
      return data.bytes
    },
    append: (source, options) => data.append(source, options),
    digest: (algorithm, options) => data.digest(algorithm, options),
    drop: () => data.drop(),
    // What is there is replaced by what was just verified, in case it went bad.
    async publish(what) {
      onStep('verified')
      const from = dataFile(lock.directory)
      const to = blobPath(what)
      await data.seal()
      onStep('sealed')
      try {
        await disk.rename(from, to).catch(async (error: unknown) => {
          if (!IN_THE_WAY.includes(systemCode(error) ?? '')) throw error
          await clear(what)
          await disk.rename(from, to)
        })
      } catch (error) {
        await data.unseal()
        throw storeFailure(error, to)
      }
      data.finish(to)
      onStep('renamed')
      try {
        await data.mark(what)
        await syncNames(what)
      } catch (error) {
        // The file is a blob now, which must not be written to: all that is left is to sync its name, as the next commit does.
        // Its directory stays, and tells so.
        isEnded = true
        await data.close().catch(() => {})
        lock.release()
        throw error
      }
      onStep('directory-synced')
    },
    end,
    async putDown() {
      isEnded = true
      try {
        await data.putDown()
      } finally {
        lock.release()
      }
    },
  }
  const has = async (what: Descriptor): Promise<boolean> => {
    const isPresent = await parts.has(what)
    // A commit of content that is there says that it is durable.
    if (isPresent) await syncNames(what)
    return isPresent
  }
  return Object.assign(createIngest({ key, bytes, has, release: releaseKey }), {
    follow(options: AbortOptions = {}): ByteStream {
      if (isEnded) throw new IngestClosedError(key)
      return data.follow(options)
    },
  })
}

/** What a rename says when something that is no file has the name. */
const IN_THE_WAY: readonly string[] = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR']
