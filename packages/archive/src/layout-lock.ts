import { rm, stat } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

const RETRY_AFTER_MS = 20
const BUSY = 5
const CANNOT_OPEN = 14

/**
 * Runs `work` while no other process does so with the same `path`, where an empty file is meanwhile. The lock is that of
 * a SQLite file, which the kernel lifts when the process dies.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: AbortOptions = {}): Promise<T> {
  for (;;) {
    options.signal?.throwIfAborted()
    const database = await tryLock(path)
    if (database === 'changed') continue
    if (database !== 'busy') {
      try {
        return await work()
      } finally {
        // Removed while it is held: who opens it later makes a new one, and who has it open sees that it is gone.
        await rm(path, { force: true })
        database.close()
      }
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted())
  }
}

async function tryLock(path: string): Promise<DatabaseSync | 'busy' | 'changed'> {
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
    if (code === BUSY || code === CANNOT_OPEN) return 'busy'
    throw error
  }
}

async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? undefined : `${found.dev} ${found.ino} ${found.ctimeNs}`
}
