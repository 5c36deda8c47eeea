/**
 * A lock that processes share and that the kernel lifts when its holder dies.
 *
 * @packageDocumentation
 */
export type { FileLock } from './file-lock.ts'

export { tryLockFile, withFileLock } from './file-lock.ts'
export { FileLockError, isFileLockError } from './errors.ts'
