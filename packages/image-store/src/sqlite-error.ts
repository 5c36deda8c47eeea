import { StoreBusyError, StoreCorruptError } from './errors.ts'

const BUSY = 5
const CORRUPT = 11
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
    default:
      return error
  }
}

/** Whether `error` says that another process holds the database. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY
}
