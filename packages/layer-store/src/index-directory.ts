import { digestAlgorithm, digestHex, type DiffId } from '@drayage/digest'
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Age from which an index that nobody registered is taken for one of a process that ended: a day. */
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
    this.#prepared ??= this.#prepare()
    try {
      await this.#prepared
    } catch (error) {
      this.#prepared = undefined
      throw error
    }
    return join(this.#directory, 'tmp', randomUUID())
  }

  path(diffId: DiffId): string {
    return join(this.#directory, digestAlgorithm(diffId), digestHex(diffId))
  }

  /** Makes a written index that of `diffId`, durably; one that is there already stays. */
  publish(diffId: DiffId, temporaryPath: string): void {
    const path = this.path(diffId)
    if (existsSync(path)) {
      rmSync(temporaryPath, { force: true })
      return
    }
    mkdirSync(dirname(path), { recursive: true })
    renameSync(temporaryPath, path)
    syncDirectory(dirname(path))
    syncDirectory(this.#directory)
  }

  has(diffId: DiffId): boolean {
    return existsSync(this.path(diffId))
  }

  remove(diffId: DiffId): void {
    rmSync(this.path(diffId), { force: true })
  }

  async #prepare(): Promise<void> {
    const folder = join(this.#directory, 'tmp')
    await mkdir(folder, { recursive: true })
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS) await rm(path, { force: true })
    }
  }
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
