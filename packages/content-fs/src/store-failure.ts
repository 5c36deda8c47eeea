import { StoreFullError, StoreIoError, StoreUnwritableError } from './errors.ts'

/** The code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether `error` says that a path leads to nothing that a store would hold there. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO'
}

/** The error to throw for a failed change of `path`: one of this package where there is one, else `error` itself. */
export function storeFailure(error: unknown, path: string): unknown {
  const code = systemCode(error)
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreFullError(path, { cause: error })
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new StoreUnwritableError(path, code, { cause: error })
    case 'EIO':
      return new StoreIoError(path, { cause: error })
    default:
      return error
  }
}
