import { randomBytes } from 'node:crypto'
import { chmod, type FileHandle, mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { type Ingest, IngestClosedError } from '@drayage/content'
import {
  createHasher,
  digestAlgorithm,
  digestOfStream,
  type DigestAlgorithm,
  DigestMismatchError,
  type Hasher,
  LongContentError,
  ShortContentError,
} from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { readFileBytes } from './read-file-bytes.ts'
import { syncDirectory } from './sync-directory.ts'
import { writeBlocks } from './write-blocks.ts'
import { writeFully } from './write-fully.ts'

/** How often the directory of partial files may go while it is being used. */
const MOST_TRIES = 100

/** How many bytes are written before the disk is asked to take them, so that little is left to do at the commit. */
const SYNC_BYTES = 32 * 1_048_576

/** What an ingest of a layout works on. */
export interface LayoutIngestParts {
  readonly key: string
  /** Where partial files go, on the same file system as the blobs. */
  readonly directory: string
  readonly algorithm: DigestAlgorithm
  readonly blobPath: (what: Descriptor) => string
  readonly has: (what: Descriptor) => Promise<boolean>
  readonly release: () => void
}

/** Content on its way into a layout. */
export class LayoutIngest implements Ingest {
  readonly #parts: LayoutIngestParts
  readonly #path: string
  readonly #file: FileHandle
  #hasher: Hasher
  #offset = 0
  #unsynced = 0
  #syncing: Promise<void> | undefined
  #syncFailure: { readonly error: unknown } | undefined
  #open = true

  private constructor(parts: LayoutIngestParts, path: string, file: FileHandle) {
    this.#parts = parts
    this.#path = path
    this.#file = file
    this.#hasher = createHasher(parts.algorithm)
  }

  static async open(parts: LayoutIngestParts): Promise<LayoutIngest> {
    const path = join(parts.directory, randomBytes(12).toString('hex'))
    for (let left = MOST_TRIES; ; left--) {
      try {
        await mkdir(parts.directory, { recursive: true })
        return new LayoutIngest(parts, path, await open(path, 'wx+', 0o600))
      } catch (error) {
        // The last ingest of another process removed the directory meanwhile.
        if (left === 0 || !(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      }
    }
  }

  get offset(): number {
    return this.#offset
  }

  async append(source: ByteStream, options: AbortOptions = {}): Promise<void> {
    this.#assertOpen()
    let position = this.#offset
    const write = async (block: Uint8Array): Promise<void> => {
      const at = position
      position += block.byteLength
      await writeFully(this.#file, block, at)
      this.#offset = at + block.byteLength
      this.#syncInBackground(block.byteLength)
    }
    try {
      await writeBlocks(source, write, { signal: options.signal, onBlock: (block) => this.#hasher.update(block) })
    } catch (error) {
      await this.#rehash()
      throw error
    }
  }

  #syncInBackground(written: number): void {
    this.#unsynced += written
    if (this.#syncing !== undefined || this.#unsynced < SYNC_BYTES) return
    this.#unsynced = 0
    this.#syncing = this.#file.datasync().then(
      () => void (this.#syncing = undefined),
      (error: unknown) => void (this.#syncFailure ??= { error }),
    )
  }

  async commit(expected: Descriptor, options: AbortOptions = {}): Promise<'committed' | 'already-present'> {
    options.signal?.throwIfAborted()
    const isPresent = await this.#parts.has(expected)
    if (!this.#open && !isPresent) throw new IngestClosedError(this.#parts.key)
    if (isPresent && (!this.#open || this.#offset < expected.size)) {
      await this[Symbol.asyncDispose]()
      return 'already-present'
    }
    await this.#verify(expected)
    const target = this.#parts.blobPath(expected)
    await mkdir(dirname(target), { recursive: true })
    await chmod(this.#path, 0o644)
    await this.#syncing
    // The system tells of lost bytes once; a later sync would succeed.
    if (this.#syncFailure !== undefined) throw this.#syncFailure.error
    await this.#file.sync()
    await rename(this.#path, target)
    try {
      await syncDirectory(dirname(target))
    } finally {
      // Whatever the disk says, the file is a blob now, which nobody may write to.
      await this[Symbol.asyncDispose]()
    }
    return isPresent ? 'already-present' : 'committed'
  }

  async reset(options: AbortOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    this.#assertOpen()
    await this.#drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    this.#open = false
    const { directory, release } = this.#parts
    try {
      await this.#syncing
      await this.#file.close()
      await rm(this.#path, { force: true })
      // Others may have files in it.
      await rmdir(directory).catch(() => {})
    } finally {
      release()
    }
  }

  #assertOpen(): void {
    if (!this.#open) throw new IngestClosedError(this.#parts.key)
  }

  async #verify(expected: Descriptor): Promise<void> {
    if (this.#offset < expected.size) throw new ShortContentError(this.#offset, expected.size)
    if (this.#offset > expected.size) {
      await this.#drop()
      throw new LongContentError(expected.size)
    }
    const algorithm = digestAlgorithm(expected.digest)
    const actual =
      algorithm === this.#parts.algorithm
        ? this.#hasher.digest()
        : (await digestOfStream(readFileBytes(this.#file, 0, this.#offset), algorithm)).digest
    if (actual === expected.digest) return
    await this.#drop()
    throw new DigestMismatchError(actual, expected.digest)
  }

  async #drop(): Promise<void> {
    await this.#file.truncate(0)
    this.#offset = 0
    this.#hasher = createHasher(this.#parts.algorithm)
  }

  /** Makes the hash that of the bytes that are in the file, after a write failed. */
  async #rehash(): Promise<void> {
    await this.#file.truncate(this.#offset)
    this.#hasher = createHasher(this.#parts.algorithm)
    for await (const block of readFileBytes(this.#file, 0, this.#offset)) this.#hasher.update(block)
  }
}
