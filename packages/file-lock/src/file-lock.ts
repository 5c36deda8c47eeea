import { rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { FileLockError } from './errors.ts'

/** A file that its holder has alone, among all processes. Disposing it removes the file and lets the next one in. */
export interface FileLock extends Disposable {
  readonly path: string
}

const RETRY_AFTER_MS = 20
const SQLITE_BUSY = 5
const SQLITE_CANTOPEN = 14

/**
 * Locks the empty file `path`, creating it when it is missing; `undefined` while another holder, of this process or
 * another, has it.
 *
 * The lock is that of a SQLite file, since Node has no other that the kernel lifts when the process dies.
 *
 * @throws FileLockError `ERR_FILE_LOCK` when the file can neither be opened nor created
 */
export async function tryLockFile(path: string, options: AbortOptions = {}): Promise<FileLock | undefined> {
  for (;;) {
    options.signal?.throwIfAborted()
    const database = await tryOpen(path)
    if (database === 'changed') continue
    if (database === 'busy') return undefined
    return {
      path,
      [Symbol.dispose]() {
        if (!database.isOpen) return
        try {
          // Removed while it is held: who opens it later makes a new one, and who has it open sees that it is gone.
          rmSync(path, { force: true })
        } catch {
          // One that stays is locked as well as a new one.
        } finally {
          database.close()
        }
      },
    }
  }
}

/**
 * Runs `work` while no other holder has `path`, waiting for as long as one has.
 *
 * @throws FileLockError `ERR_FILE_LOCK` when the file can neither be opened nor created
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, options: AbortOptions = {}): Promise<T> {
  for (;;) {
    const lock = await tryLockFile(path, options)
    if (lock !== undefined) {
      using _held = lock
      return await work()
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted())
  }
}

/** `changed` when the file appeared or went meanwhile, so that it is worth another try at once. */
async function tryOpen(path: string): Promise<DatabaseSync | 'busy' | 'changed'> {
  const { DatabaseSync } = await import('node:sqlite')
  let database: DatabaseSync | undefined
  try {
    // Nothing but SQLite opens the file: a lock by `fcntl` goes when its process closes any descriptor of the file.
    const before = await identity(path)
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('pragma journal_mode = memory; begin exclusive')
    if (before !== undefined && before === (await identity(path))) return database
    // It was created just now, or removed by its last holder.
    database.close()
    return 'changed'
  } catch (error) {
    if (database?.isOpen === true) database.close()
    const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
    if (code === SQLITE_BUSY) return 'busy'
    if (code === SQLITE_CANTOPEN) throw new FileLockError(path, { cause: error })
    throw error
  }
}

async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? undefined : `${found.dev} ${found.ino} ${found.ctimeNs}`
}
