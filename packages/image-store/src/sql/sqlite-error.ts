import { DatabaseWriteError, StoreBusyError, StoreCorruptError } from '../errors.ts'

/** Primary result codes. @see https://www.sqlite.org/rescode.html */
const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOT_A_DATABASE = 26

/** The primary result code of an error of SQLite. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** What to throw for `error`, which a database at `path` threw. */
export function translateSqliteError(error: unknown, path: string): unknown {
  switch (resultCode(error)) {
    case BUSY:
      return new StoreBusyError(path, { cause: error })
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreCorruptError(path, { cause: error })
    case FULL:
      return new DatabaseWriteError(path, 'no space left on the disk', { cause: error, hint: 'Free some space.' })
    case READONLY:
    case CANTOPEN:
      return new DatabaseWriteError(path, 'it cannot be opened for writing', { cause: error })
    case IOERR:
      return new DatabaseWriteError(path, 'the disk reports an error', { cause: error })
    default:
      return error
  }
}

/** Whether `error` says that another process holds the database. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY
}
