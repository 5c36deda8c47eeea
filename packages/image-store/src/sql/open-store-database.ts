import { setTimeout as sleep } from 'node:timers/promises'

import { DEFAULT_BUSY_TIMEOUT_MS, isStoreBusy } from './database.ts'
import { HealingDatabase, RETRY_AFTER_MS } from './healing-database.ts'
import type { StoreDatabase, StoreDatabaseOptions } from './store-database.ts'

/**
 * Opens the database at `path`, as `openDatabase` does, and brings it to where its journal is. One that is damaged is moved
 * to `<path>.damaged-<time>`, and one that is new gets what the journal holds; of several processes one does it. One that
 * was not closed, or that somebody else wrote to since, is compared with the journal first.
 *
 * @throws StoreVersionError `ERR_STORE_VERSION`
 * @throws StoreBusyError `ERR_STORE_BUSY`
 * @throws DatabaseWriteError `ERR_DATABASE_WRITE`, FileWriteError `ERR_FILE_WRITE`
 */
export async function openStoreDatabase(path: string, options: StoreDatabaseOptions): Promise<StoreDatabase> {
  const { busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, signal } = options
  const { DatabaseSync } = await import('node:sqlite')
  const database = new HealingDatabase(DatabaseSync, path, options)
  if (!database.isAsSeen()) database.isUsed = (await options.hasContent?.()) ?? false
  for (const deadline = performance.now() + busyTimeoutMs; ; await sleep(RETRY_AFTER_MS, undefined, { signal })) {
    signal?.throwIfAborted()
    try {
      database.open()
      break
    } catch (error) {
      if (!isStoreBusy(error) || performance.now() >= deadline) throw error
    }
  }
  try {
    await database.adoptEarlier()
    return database.asObject()
  } catch (error) {
    database[Symbol.dispose]()
    throw error
  }
}
