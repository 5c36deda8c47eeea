import { chmod, lstat, rm, rmdir } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { StoreUnsafeError } from './errors.ts'
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
  for (let delayMs = SHORTEST_DELAY_MS; ; ) {
    options.signal?.throwIfAborted()
    await ensurePart(directory)
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
  const before = await identity(path)
  const database = await openLocked(path)
  if (typeof database === 'string') return database
  // It was created just now, under any umask.
  if (before === undefined) await chmod(path, 0o600).catch(() => {})
  if (before === undefined || before !== (await identity(path))) {
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

async function openLocked(path: string): Promise<DatabaseSync | 'busy' | 'changed'> {
  const { DatabaseSync } = await import('node:sqlite')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    if (database?.isOpen === true) database.close()
    const number = error instanceof Error && 'errcode' in error ? error.errcode : undefined
    if (number === SQLITE_BUSY) return 'busy'
    if (number === SQLITE_CANTOPEN && (await identity(path)) === undefined) return 'changed'
    throw error
  }
}

/** What tells the file on `path` from any other that is or was there; `undefined` when there is none. */
async function identity(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path, { bigint: true })
    if (!found.isFile()) throw new StoreUnsafeError(path, 'no regular file')
    const { dev, ino, ctimeNs } = found
    return `${dev} ${ino} ${ctimeNs}`
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storeFailure(error, path)
  }
}
