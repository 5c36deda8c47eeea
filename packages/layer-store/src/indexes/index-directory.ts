import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, digestHex, isDigest, parseDiffId, type DiffId } from '@drayage/digest'
import {
  disk,
  isMissing,
  readFailure,
  syncDirectorySync,
  systemCode,
  unlessMissing,
  writeFailure,
} from '@drayage/files'
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { decodeTrailer, TRAILER_BYTES, type TarFacts } from './index-trailer.ts'

/** The age at which an index on its way counts as left behind whose name does not tell of a life: a day. */
const STALE_AFTER_MS = 24 * 3600 * 1000

/** What separates the life of its process from the rest of the name of an index on its way. */
const LIFE_END = '.'

/** Tells which processes have ended, by IDs of their lives, which have no dot. */
export interface WriterLife {
  /** The ID of the life of this process. */
  begin(): Promise<string>
  /** Those of some lives that have ended. */
  ended(lives: readonly string[], options?: AbortOptions): Promise<readonly string[]>
}

/**
 * The folder of indexes: `<alg>/<hex>` for a registered DiffID, `tmp/` for those on their way, named after the life of their
 * process. Publishing and removing are synchronous, because they belong in the transaction that says so.
 */
export class IndexDirectory {
  readonly #directory: string
  readonly #life: WriterLife | undefined
  #prepared: Promise<void> | undefined

  constructor(directory: string, life: WriterLife | undefined) {
    this.#directory = directory
    this.#life = life
  }

  /** Where a new index may be written. */
  async temporaryPath(): Promise<string> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      this.#prepared = undefined
      throw writeFailure(error, this.#directory)
    })
    await this.#prepared
    const life = await this.#life?.begin()
    return join(this.#directory, 'tmp', life === undefined ? randomUUID() : `${life}${LIFE_END}${randomUUID()}`)
  }

  path(diffId: DiffId): string {
    return join(this.#directory, digestAlgorithm(diffId), digestHex(diffId))
  }

  /**
   * Makes a written index that of `diffId`, durably; an existing one stays, unless it is torn. Returns whether `diffId`
   * has an index now: `false` when the written one is gone.
   *
   * @throws FileWriteError `ERR_FILE_WRITE`
   */
  publish(diffId: DiffId, temporaryPath: string): boolean {
    const path = this.path(diffId)
    try {
      if (this.factsOf(diffId) !== undefined) {
        rmSync(temporaryPath, { force: true })
        return true
      }
      ensureDirectory(dirname(path))
      replace(temporaryPath, path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return existsSync(path)
      throw writeFailure(error, path)
    }
    syncDirectorySync(dirname(path))
    syncDirectorySync(this.#directory)
    return true
  }

  has(diffId: DiffId): boolean {
    return existsSync(this.path(diffId))
  }

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
      if (isMissing(error) || systemCode(error) === 'EISDIR') return undefined
      throw readFailure(error, path)
    }
  }

  /** @throws FileWriteError `ERR_FILE_WRITE` */
  remove(diffId: DiffId): void {
    const path = this.path(diffId)
    try {
      rmSync(path, { recursive: true, force: true })
    } catch (error) {
      throw writeFailure(error, path)
    }
  }

  /** The DiffIDs that have an index. */
  async *list(): AsyncGenerator<DiffId, void, void> {
    for (const algorithm of ['sha256', 'sha512']) {
      for (const hex of (await unlessMissing(disk.readdir(join(this.#directory, algorithm)))) ?? []) {
        const diffId = `${algorithm}:${hex}`
        if (isDigest(diffId)) yield parseDiffId(diffId)
      }
    }
  }

  /** Removes what processes that have ended left on its way. */
  async removeUnfinished(options: AbortOptions): Promise<void> {
    const folder = join(this.#directory, 'tmp')
    const names = (await unlessMissing(disk.readdir(folder))) ?? []
    const lives = new Set(names.flatMap((name) => lifeOf(name) ?? []))
    const ended = new Set(await this.#life?.ended([...lives], options))
    for (const name of names) {
      options.signal?.throwIfAborted()
      const life = lifeOf(name)
      const path = join(folder, name)
      if (life === undefined ? await isStale(path) : ended.has(life)) await disk.rm(path, { force: true })
    }
  }

  async #prepare(): Promise<void> {
    await disk.mkdir(join(this.#directory, 'tmp'), { recursive: true })
  }
}

/** Creates a directory unless it exists; the recursive `mkdir` of Node hides reasons. */
function ensureDirectory(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

/** Renames a file, also to the name of a directory, which no index is. */
function replace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (systemCode(error) !== 'EISDIR') throw error
    rmSync(to, { recursive: true, force: true })
    renameSync(from, to)
  }
}

function lifeOf(name: string): string | undefined {
  const end = name.indexOf(LIFE_END)
  return end < 0 ? undefined : name.slice(0, end)
}

async function isStale(path: string): Promise<boolean> {
  const found = await unlessMissing(disk.stat(path))
  return found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS
}
