import { digestAlgorithm, digestHex, type DiffId } from '@drayage/digest'
import { disk, isMissing, readFailure, syncDirectorySync, systemCode, writeFailure } from '@drayage/files'
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { decodeTrailer, TRAILER_BYTES, type TarFacts } from './index-trailer.ts'

/** The age at which an unregistered index counts as left by a dead process: a day. */
const STALE_AFTER_MS = 24 * 3600 * 1000

/**
 * The folder of indexes: `<alg>/<hex>` for a registered DiffID, `tmp/` for those on their way. Publishing and removing
 * are synchronous, because they belong in the transaction that says so.
 */
export class IndexDirectory {
  readonly #directory: string
  #prepared: Promise<void> | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Where a new index may be written. */
  async temporaryPath(): Promise<string> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      this.#prepared = undefined
      throw writeFailure(error, this.#directory)
    })
    await this.#prepared
    return join(this.#directory, 'tmp', randomUUID())
  }

  path(diffId: DiffId): string {
    return join(this.#directory, digestAlgorithm(diffId), digestHex(diffId))
  }

  /**
   * Makes a written index that of `diffId`, durably; an existing one stays. Returns whether `diffId` has an index
   * now: `false` when the written one is gone.
   *
   * @throws FileWriteError `ERR_FILE_WRITE`
   */
  publish(diffId: DiffId, temporaryPath: string): boolean {
    const path = this.path(diffId)
    try {
      if (existsSync(path)) {
        rmSync(temporaryPath, { force: true })
        return true
      }
      mkdirSync(dirname(path), { recursive: true })
      renameSync(temporaryPath, path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false
      throw writeFailure(error, path)
    }
    syncDirectorySync(dirname(path))
    syncDirectorySync(this.#directory)
    return true
  }

  has(diffId: DiffId): boolean {
    return existsSync(this.path(diffId))
  }

  /** @throws FileWriteError `ERR_FILE_WRITE` */
  /** What the index of `diffId` says of its tar; `undefined` when there is none that says it. */
  factsOf(diffId: DiffId): TarFacts | undefined {
    const path = this.path(diffId)
    try {
      const file = openSync(path, 'r')
      try {
        const end = new Uint8Array(TRAILER_BYTES)
        const { size } = fstatSync(file)
        const length = size < TRAILER_BYTES ? 0 : readSync(file, end, 0, TRAILER_BYTES, size - TRAILER_BYTES)
        return decodeTrailer(end.subarray(0, length))
      } finally {
        closeSync(file)
      }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw readFailure(error, path)
    }
  }

  remove(diffId: DiffId): void {
    const path = this.path(diffId)
    try {
      rmSync(path, { force: true })
    } catch (error) {
      throw writeFailure(error, path)
    }
  }

  async #prepare(): Promise<void> {
    const folder = join(this.#directory, 'tmp')
    await disk.mkdir(folder, { recursive: true })
    for (const name of await disk.readdir(folder)) {
      const path = join(folder, name)
      const found = await disk.stat(path).catch(() => undefined)
      if (found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS) await disk.rm(path, { force: true })
    }
  }
}
