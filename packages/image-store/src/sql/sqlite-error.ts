import { lockHolder, sqliteCode, sqliteFault, type LockHolder } from '@drayage/files'

import { DatabaseWriteError, StoreBusyError, StoreCorruptError } from '../errors.ts'

/** Primary result codes. @see https://www.sqlite.org/rescode.html */
const BUSY = 5
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** Whether SQLite says that somebody else holds the database. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === BUSY
}

/** Who writes to the database at `path`; `undefined` where that is not known. */
export function databaseHolder(path: string): LockHolder | undefined {
  return lockHolder(`${path}-shm`) ?? lockHolder(path)
}

/** What to throw for `error`, which a database at `path` threw. */
export function translateSqliteError(error: unknown, path: string): unknown {
  switch (sqliteCode(error)) {
    case BUSY:
      return new StoreBusyError(path, { cause: error, holder: databaseHolder(path) })
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreCorruptError(path, { cause: error })
    default: {
      const found = sqliteFault(error, path)
      return found === undefined ? error : new DatabaseWriteError(path, found, { cause: error })
    }
  }
}
