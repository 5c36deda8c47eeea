import type { FileHandle } from 'node:fs/promises'

import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { createGrowth, type Growth, IngestClosedError } from '@drayage/content'
import { digestOfStream, type Digest, type DigestAlgorithm } from '@drayage/digest'
import { disk, fileBytes, openRegularFile, systemCode } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { createBlockWriter } from './block-writer.ts'
import { storeFailure } from './errors.ts'
import { createContentHash, type ContentHash, type KeptHashes } from './kept-hashes.ts'
import { DATA_MODE, openData } from './open-data.ts'
import { sealOf, writeSeal } from './seal.ts'

const BLOB_MODE = 0o444

/** What the stored bytes of an ingest belong to. */
export interface IngestDataParts {
  readonly key: string
  /** Of the digest that is computed while bytes come. */
  readonly algorithm: DigestAlgorithm
  /** The file, which is created when it is missing. */
  readonly path: string
  readonly kept: KeptHashes
  /** Called when stored bytes have to be read to be hashed. */
  readonly onReread: (bytes: number) => void
}

/**
 * The stored bytes of an ingest, and the digest of as many of them as were hashed so far: of those that come, while they
 * are written; of those that were there, when they are needed.
 */
export class IngestData {
  readonly #parts: IngestDataParts
  #path: string
  #handle: FileHandle
  #growth: Growth
  #hash: ContentHash
  #syncing: Promise<void> | undefined
  #syncError: unknown

  private constructor(parts: IngestDataParts, handle: FileHandle, bytes: number, hash: ContentHash | undefined) {
    this.#parts = parts
    this.#path = parts.path
    this.#handle = handle
    this.#growth = createGrowth(bytes)
    this.#hash = hash ?? createContentHash(parts.algorithm)
  }

  /** Opens the file. */
  static async open(parts: IngestDataParts): Promise<IngestData> {
    const { handle, bytes } = await openData(parts.path)
    try {
      return new IngestData(parts, handle, bytes, await parts.kept.take(parts.key, handle))
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** How many bytes are stored. */
  get bytes(): number {
    return this.#growth.bytes
  }

  /** Stores the bytes of `source` after those stored before. */
  async append(source: ByteStream, options: AbortOptions): Promise<void> {
    await this.#catchUp(options)
    const writer = createBlockWriter(this.#handle, {
      start: this.bytes,
      onBlock: (block) => this.#hash.update(block),
      onWritten: (position) => this.#growth.advance(position),
      onSyncDue: () => this.#startSync(),
    })
    let failure: { readonly error: unknown } | undefined
    try {
      for await (const chunk of abortable(source, options)) {
        try {
          await writer.write(chunk)
        } catch (error) {
          throw this.#unwritten(error)
        }
        if (this.#syncError !== undefined) break
      }
    } catch (error) {
      failure = { error }
    }
    try {
      await writer.flush()
    } catch (error) {
      failure ??= { error: this.#unwritten(error) }
    }
    if (this.#syncError !== undefined) await this.#lose()
    if (failure !== undefined) throw failure.error
  }

  /** The digest of all bytes. It is computed again when it is of another algorithm than the key. */
  async digest(algorithm: DigestAlgorithm, options: AbortOptions): Promise<Digest> {
    if (algorithm === this.#parts.algorithm) {
      await this.#catchUp(options)
      const hash = this.#hash
      this.#forgetHash()
      return hash.digest()
    }
    const all = fileBytes(this.#handle, { start: 0, end: this.bytes, ...options })
    return (await digestOfStream(all, algorithm)).digest
  }

  /** Makes all bytes durable and the file read-only. */
  async seal(): Promise<void> {
    await this.#syncing
    try {
      if (this.#syncError === undefined) await this.#handle.datasync()
    } catch (error) {
      this.#syncError = error
    }
    if (this.#syncError !== undefined) await this.#lose()
    await this.#handle.chmod(BLOB_MODE)
  }

  /** Sets the seal of a blob, which the file is now. Without one it is only read whole at its next check. */
  async mark(what: Descriptor): Promise<void> {
    await sealOf(this.#handle, what).then(
      (seal) => writeSeal(this.#handle, seal),
      () => {},
    )
  }

  /** Takes back what `seal` did to the file, so that it can grow again. */
  async unseal(): Promise<void> {
    await this.#handle.chmod(DATA_MODE)
  }

  /** Says that the file has been renamed to `path` and is whole. */
  finish(path: string): void {
    this.#path = path
    this.#growth.finish()
  }

  /** Drops all bytes. What the disk may hold of the old file is not used again. */
  async drop(): Promise<void> {
    this.#growth.fail(new IngestClosedError(this.#parts.key))
    await this.#syncing
    await this.#handle.close()
    this.#forgetHash()
    this.#syncError = undefined
    await disk.rm(this.#path, { force: true }).catch((error: unknown) => {
      throw storeFailure(error, this.#path)
    })
    const { handle, bytes } = await openData(this.#path)
    this.#handle = handle
    this.#growth = createGrowth(bytes)
  }

  /** Closes the file, which the next holder may continue. */
  async putDown(): Promise<void> {
    await this.#syncing
    const { key, kept } = this.#parts
    try {
      const isHashed = this.#hash.bytes === this.bytes && this.#syncError === undefined
      if (isHashed) await kept.keep(key, this.#handle, this.#hash)
    } finally {
      await this.close()
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    this.#growth.fail(new IngestClosedError(this.#parts.key))
    await this.#syncing
    await this.#handle.close()
  }

  /** The bytes as they are stored, until the end of the ingest. */
  async *follow(options: AbortOptions): ByteStream {
    const growth = this.#growth
    const handle = await this.#openToFollow(growth, options)
    try {
      for (let start = 0; ;) {
        const { bytes } = await growth.beyond(start, options)
        if (bytes <= start) return
        yield* fileBytes(handle, { start, end: bytes, ...options })
        start = bytes
      }
    } finally {
      await handle.close()
    }
  }

  async #openToFollow(growth: Growth, options: AbortOptions): Promise<FileHandle> {
    const found = await openRegularFile(this.#path)
    if (found !== undefined) return found.handle
    // The file is being renamed or dropped; the end of the ingest decides which.
    await growth.beyond(Infinity, options)
    return await disk.open(this.#path)
  }

  #forgetHash(): void {
    this.#hash = createContentHash(this.#parts.algorithm)
  }

  /** Hashes what was stored and is not hashed yet. */
  async #catchUp(options: AbortOptions): Promise<void> {
    options.signal?.throwIfAborted()
    const range = { start: this.#hash.bytes, end: this.bytes, ...options }
    if (range.start < range.end) this.#parts.onReread(range.end - range.start)
    try {
      for await (const block of fileBytes(this.#handle, range)) this.#hash.update(block)
    } catch (error) {
      if (systemCode(error) !== 'EIO') throw error
      // Bytes that cannot be read back would stop every later attempt as well.
      this.#syncError = error
      await this.#lose()
    }
  }

  /** The error for a failed write; a block may be hashed and not be written. */
  #unwritten(error: unknown): unknown {
    this.#forgetHash()
    if (systemCode(error) === 'EIO') this.#syncError = error
    return storeFailure(error, this.#path)
  }

  #startSync(): void {
    this.#syncing ??= this.#handle
      .datasync()
      .catch((error: unknown) => {
        this.#syncError = error
      })
      .finally(() => {
        this.#syncing = undefined
      })
  }

  /** A failed sync is reported once and the lost pages look clean afterwards, so the file is not used any more. */
  async #lose(): Promise<never> {
    const error = storeFailure(this.#syncError, this.#path)
    await this.drop()
    throw error
  }
}
