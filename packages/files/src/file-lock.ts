import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { disk } from './disk.ts'
import { FileLockError } from './errors.ts'
import { lockHolder, type LockHolder } from './lock-holder.ts'
import { sqliteCode, sqliteFault } from './file-fault.ts'
import { unlessMissing } from './system-error.ts'

/** A file that its holder has alone, among all processes. Disposing it removes the file and lets the next one in. */
export interface FileLock extends Disposable {
  readonly path: string
  /** Lets the next holder in and leaves the file, also one that the holder has removed or replaced already. */
  release(): void
}

/** Options of a lock. */
export interface FileLockOptions extends AbortOptions {
  /** Permissions of a file that is created, under any umask; those that the umask leaves of 0644 by default. */
  readonly mode?: number | undefined
  /** Told once who is waited for, when that takes more than 2 s; `undefined` where it is not known. */
  readonly onWait?: (holder: LockHolder | undefined) => void
  /** How long a holder is waited for that is stopped, in milliseconds; {@link STOPPED_HOLDER_MS} by default. */
  readonly stoppedHolderMs?: number
}

/** How long a holder is waited for that is stopped, so that it does not let go by itself: 10 s. */
export const STOPPED_HOLDER_MS = 10_000

/** How long a wait goes on without a word, and how often the holder is looked at from then on. */
const QUIET_MS = 2000
const LOOK_EVERY_MS = 1000
const SHORTEST_DELAY_MS = 20
const LONGEST_DELAY_MS = 250
const SQLITE_BUSY = 5

/**
 * Locks the empty file `path`, creating it when it is missing; `undefined` while another holder, of this process or
 * another, has it.
 *
 * The lock is that of a SQLite file, since Node has no other that the kernel lifts when the process dies.
 *
 * @throws FileLockError `ERR_FILE_LOCK`; its `fault` is `no-directory` when the directory is missing, also when somebody
 *   removes it meanwhile
 */
export async function tryLockFile(path: string, options: FileLockOptions = {}): Promise<FileLock | undefined> {
  for (;;) {
    options.signal?.throwIfAborted()
    const database = await tryOpen(path, options.mode)
    if (database === 'changed') continue
    if (database === 'busy') return undefined
    return lockOf(path, database)
  }
}

/**
 * Locks `path` as {@link tryLockFile} does, waiting for as long as another holder has it: until it lets go or dies. One that
 * is stopped is not waited for without end, where the system tells that.
 *
 * @throws FileLockError `ERR_FILE_LOCK`; its `fault` is `held` when the holder is stopped
 */
export async function lockFile(path: string, options: FileLockOptions = {}): Promise<FileLock> {
  const { signal } = options
  const look = watchHolder(path, options)
  for (let delayMs = SHORTEST_DELAY_MS; ; delayMs = Math.min(delayMs * 1.5, LONGEST_DELAY_MS)) {
    const lock = await tryLockFile(path, options)
    if (lock !== undefined) return lock
    look()
    await sleep(delayMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

/** Tells of a long wait, and ends that for a holder that is stopped. */
function watchHolder(path: string, { onWait, stoppedHolderMs = STOPPED_HOLDER_MS }: FileLockOptions): () => void {
  const beganMs = performance.now()
  let nextMs = beganMs + QUIET_MS
  let stoppedSinceMs: number | undefined
  let isTold = false
  return () => {
    const nowMs = performance.now()
    if (nowMs < nextMs) return
    nextMs = nowMs + LOOK_EVERY_MS
    const holder = lockHolder(path)
    if (!isTold) onWait?.(holder)
    isTold = true
    stoppedSinceMs = holder?.isStopped === true ? (stoppedSinceMs ?? nowMs) : undefined
    if (stoppedSinceMs === undefined || nowMs - stoppedSinceMs < stoppedHolderMs) return
    throw new FileLockError(path, 'held', { holder })
  }
}

/**
 * Runs `work` while no other holder has `path`, waiting for as long as one has.
 *
 * @throws FileLockError `ERR_FILE_LOCK`
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, options: FileLockOptions = {}): Promise<T> {
  using _held = await lockFile(path, options)
  return await work()
}

function lockOf(path: string, database: DatabaseSync): FileLock {
  const release = (): void => {
    if (database.isOpen) database.close()
  }
  return {
    path,
    release,
    [Symbol.dispose]() {
      if (!database.isOpen) return
      try {
        // Removed while it is held: the next holder makes a new file, and one that has this file open sees that it is gone.
        rmSync(path, { force: true })
      } catch {
        // A file that stays is as good to lock as a new one.
      } finally {
        release()
      }
    },
  }
}

/** `changed` when the file or its directory appeared or went meanwhile, so that it is worth another try at once. */
async function tryOpen(path: string, mode: number | undefined): Promise<DatabaseSync | 'busy' | 'changed'> {
  const directory = dirname(path)
  const directoryBefore = await identity(directory)
  const before = await identity(path)
  if (before?.isFile === false) throw new FileLockError(path, 'no-file')
  const database = await openExclusively(path)
  if (database === 'busy') return 'busy'
  if (database instanceof Error) {
    const directoryAfter = await identity(directory)
    if (directoryAfter === undefined) throw new FileLockError(path, 'no-directory', { cause: database })
    if (directoryBefore?.text !== directoryAfter.text) return 'changed'
    throw new FileLockError(path, 'unwritable', { cause: database })
  }
  if (before === undefined && mode !== undefined) await disk.chmod(path, mode).catch(() => {})
  // A lock on a removed file excludes no one: the file must exist before it is opened and once it is locked.
  if (before !== undefined && before.text === (await identity(path))?.text) return database
  database.close()
  return 'changed'
}

/**
 * Opens the file with SQLite and nothing else: a lock by `fcntl` ends when its process closes any descriptor of the file.
 * Resolves to the error when the file can neither be opened nor created.
 */
async function openExclusively(path: string): Promise<DatabaseSync | 'busy' | Error> {
  const { DatabaseSync } = await import('node:sqlite')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('pragma journal_mode = memory; begin exclusive')
    return database
  } catch (error) {
    if (database?.isOpen === true) database.close()
    if (sqliteCode(error) === SQLITE_BUSY) return 'busy'
    if (error instanceof Error && sqliteFault(error, path) !== undefined) return error
    throw error
  }
}

/** What distinguishes the file or directory at a path from any other that is or was there; `undefined` when missing. */
async function identity(path: string): Promise<{ readonly text: string; readonly isFile: boolean } | undefined> {
  const found = await unlessMissing(disk.lstat(path, { bigint: true }))
  return found && { text: `${found.dev} ${found.ino} ${found.ctimeNs}`, isFile: found.isFile() }
}
