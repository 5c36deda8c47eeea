import { sqliteCode, sqliteFault } from '@drayage/files'

import { DatabaseWriteError, StoreBusyError, StoreCorruptError } from '../errors.ts'

/** Primary result codes. @see https://www.sqlite.org/rescode.html */
const BUSY = 5
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** What to throw for `error`, which a database at `path` threw. */
export function translateSqliteError(error: unknown, path: string): unknown {
  switch (sqliteCode(error)) {
    case BUSY:
      return new StoreBusyError(path, { cause: error })
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreCorruptError(path, { cause: error })
    default: {
      const found = sqliteFault(error, path)
      return found === undefined ? error : new DatabaseWriteError(path, found, { cause: error })
    }
  }
}
