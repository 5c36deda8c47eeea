import { digestAlgorithm, digestHex, type DiffId } from '@drayage/digest'
import { disk, syncDirectorySync, systemCode, writeFailure } from '@drayage/files'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

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
