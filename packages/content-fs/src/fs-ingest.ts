import { rename } from 'node:fs/promises'

import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { type Followable, type Ingest, IngestClosedError } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError, LongContentError, ShortContentError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { IngestData } from './ingest-data.ts'
import type { IngestLock } from './ingest-lock.ts'
import { dataFile } from './layout.ts'
import { storeFailure, systemCode } from './store-failure.ts'

/** A step of a commit that is done. Tests end the process there. */
export type CommitStep = 'verified' | 'sealed' | 'renamed' | 'directory-synced' | 'ingest-removed'

/** What an ingest needs of its store. */
export interface FsIngestParts {
  readonly key: string
  readonly data: IngestData
  readonly lock: IngestLock
  /** Lets the next holder of this process in. */
  readonly releaseKey: () => void
  readonly has: (what: Descriptor) => Promise<boolean>
  readonly blobPath: (what: Descriptor) => string
  /** Makes the names in the directory of a blob durable. */
  readonly syncNames: (what: Descriptor) => Promise<void>
  /** Clears whatever is in the place of a blob. */
  readonly clear: (what: Descriptor) => Promise<unknown>
  readonly onStep: (step: CommitStep) => void
}

/** An ingest of a content store on a file system. */
export class FsIngest implements Ingest, Followable {
  readonly #parts: FsIngestParts
  #open = true

  constructor(parts: FsIngestParts) {
    this.#parts = parts
  }

  get offset(): number {
    return this.#parts.data.bytes
  }

  async append(source: ByteStream, options: AbortOptions = {}): Promise<void> {
    this.#assertOpen()
    await this.#parts.data.append(source, options)
  }

  async commit(expected: Descriptor, options: AbortOptions = {}): Promise<'committed' | 'already-present'> {
    options.signal?.throwIfAborted()
    const isPresent = await this.#parts.has(expected)
    if (!this.#open && !isPresent) throw new IngestClosedError(this.#parts.key)
    if (isPresent && (!this.#open || this.offset < expected.size)) {
      await this.#parts.syncNames(expected)
      if (this.#open) await this.#end()
      return 'already-present'
    }
    await this.#verify(expected, options)
    // What is there is replaced by what was just verified, in case it went bad.
    await this.#publish(expected)
    await this.#end()
    return isPresent ? 'already-present' : 'committed'
  }

  async reset(options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    this.#assertOpen()
    await this.#parts.data.drop()
  }

  follow(options: AbortOptions = {}): ByteStream {
    this.#assertOpen()
    return this.#parts.data.follow(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    if (this.offset === 0) return this.#end()
    this.#open = false
    const { data, lock, releaseKey } = this.#parts
    try {
      await data.putDown()
    } finally {
      lock.release()
      releaseKey()
    }
  }

  #assertOpen(): void {
    if (!this.#open) throw new IngestClosedError(this.#parts.key)
  }

  async #verify(expected: Descriptor, options: AbortOptions): Promise<void> {
    const { data, onStep } = this.#parts
    if (this.offset < expected.size) throw new ShortContentError(this.offset, expected.size)
    if (this.offset > expected.size) {
      await data.drop()
      throw new LongContentError(expected.size)
    }
    const actual = await data.digest(digestAlgorithm(expected.digest), options)
    if (actual !== expected.digest) {
      await data.drop()
      throw new DigestMismatchError(actual, expected.digest)
    }
    onStep('verified')
  }

  async #publish(expected: Descriptor): Promise<void> {
    const { blobPath, clear, data, lock, onStep, syncNames } = this.#parts
    const from = dataFile(lock.directory)
    const to = blobPath(expected)
    await data.seal()
    onStep('sealed')
    try {
      await rename(from, to).catch(async (error: unknown) => {
        if (!IN_THE_WAY.includes(systemCode(error) ?? '')) throw error
        await clear(expected)
        await rename(from, to)
      })
    } catch (error) {
      await data.unseal()
      throw storeFailure(error, to)
    }
    data.finish(to)
    onStep('renamed')
    try {
      await syncNames(expected)
    } catch (error) {
      // The file is a blob now, which nobody may write to: all that is left to do is to sync its name, as the next commit does.
      await this.#end().catch(() => {})
      throw error
    }
    onStep('directory-synced')
  }

  /** Ends the ingest and removes what is left of it. */
  async #end(): Promise<void> {
    this.#open = false
    const { data, lock, onStep, releaseKey } = this.#parts
    try {
      await data.close()
      await lock.remove()
      onStep('ingest-removed')
    } finally {
      lock.release()
      releaseKey()
    }
  }
}

/** What a rename says when something that is no file has the name. */
const IN_THE_WAY: readonly string[] = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR']
