import { chmod, lstat, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { StoreUnsafeError, StoreUnwritableError } from './errors.ts'
import { dataFile, lockFile } from './layout.ts'
import { ensurePart } from './prepare-directory.ts'
import { storeFailure, systemCode } from './store-failure.ts'

/** The directory of an ingest, held by this process alone. */
export interface IngestLock {
  readonly directory: string
  /** Lets the next holder in. */
  release(): void
  /** Removes the directory, then lets the next holder in. */
  remove(): Promise<void>
}

const SHORTEST_DELAY_MS = 20
const LONGEST_DELAY_MS = 250
const SQLITE_BUSY = 5
const SQLITE_CANTOPEN = 14

/**
 * Waits until no other holder, of this process or another, has `directory`, and takes it; creates it when it is missing.
 */
export async function lockIngest(directory: string, options: AbortOptions = {}): Promise<IngestLock> {
  for (let delayMs = SHORTEST_DELAY_MS; ;) {
    options.signal?.throwIfAborted()
    if (!(await ensureDirectory(directory))) continue
    const taken = await tryLockIngest(directory)
    if (taken === 'changed') continue
    if (taken !== 'busy') return taken
    await sleep(delayMs, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted())
    delayMs = Math.min(delayMs * 1.5, LONGEST_DELAY_MS)
  }
}

/**
 * Takes `directory` unless somebody has it; `changed` when its lock appeared or went meanwhile, so that it is worth another
 * try at once.
 *
 * The lock is that of a SQLite file, since Node has no other that the kernel lifts when the process dies. The file stays
 * empty. A lock by `fcntl` also goes when its process closes any descriptor of the file, so nothing here opens it but
 * SQLite, which knows about that.
 */
export async function tryLockIngest(directory: string): Promise<IngestLock | 'busy' | 'changed'> {
  const path = lockFile(directory)
  // The last holder removes the file with the directory. A lock on a removed file locks nobody out, so the file must be
  // on its path before it is opened and still be there once it is locked.
  const directoryBefore = await identity(directory)
  const before = await identity(path)
  if (before?.isFile === false) throw new StoreUnsafeError(path, 'no regular file')
  const database = await openLocked(path)
  if (database === 'busy') return 'busy'
  if (database instanceof Error) {
    const directoryAfter = await identity(directory)
    if (directoryAfter === undefined || !isSame(directoryBefore, directoryAfter)) return 'changed'
    throw new StoreUnwritableError(path, 'that it cannot be opened', { cause: database })
  }
  // It was created just now, under any umask.
  if (before === undefined) await chmod(path, 0o600).catch(() => {})
  if (before === undefined || !isSame(before, await identity(path))) {
    database.close()
    return 'changed'
  }
  const release = (): void => {
    if (database.isOpen) database.close()
  }
  return {
    directory,
    release,
    async remove() {
      try {
        await rm(dataFile(directory), { force: true })
        await rm(path, { force: true })
        await rmdir(directory)
      } catch (error) {
        // Another holder is at work on a new lock in it already.
        const code = systemCode(error)
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw storeFailure(error, directory)
      } finally {
        release()
      }
    },
  }
}

/** Creates the directory unless it is there. Resolves to `false` when its last holder removes it at the same time. */
async function ensureDirectory(directory: string): Promise<boolean> {
  try {
    await ensurePart(directory)
    return true
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    // When all of the store is gone, there is nothing to try again.
    await lstat(dirname(directory))
    return false
  }
}

/** Resolves to the error when the file can neither be opened nor created. */
async function openLocked(path: string): Promise<DatabaseSync | 'busy' | Error> {
  const { DatabaseSync } = await import('node:sqlite')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    if (database?.isOpen === true) database.close()
    if (!(error instanceof Error) || !('errcode' in error)) throw error
    if (error.errcode === SQLITE_BUSY) return 'busy'
    if (error.errcode === SQLITE_CANTOPEN) return error
    throw error
  }
}

/** What tells the file or directory on a path from any other that is or was there. */
interface Identity {
  readonly text: string
  readonly isFile: boolean
}

function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return one?.text === other?.text
}

/** The identity of what is on `path`; `undefined` when nothing is. */
async function identity(path: string): Promise<Identity | undefined> {
  try {
    const found = await lstat(path, { bigint: true })
    return { text: `${found.dev} ${found.ino} ${found.ctimeNs}`, isFile: found.isFile() }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storeFailure(error, path)
  }
}
