/**
 * Files that a crash or another process never sees half done: locks, atomic replacement, durable names, careful reading.
 *
 * @packageDocumentation
 */
export type { FileBytesOptions, ReadSmallFileOptions, RegularFile } from './regular-file.ts'
export type { Disk } from './disk.ts'
export type { FileError, FileErrorCode, FileLockFault, UnsafePathFault } from './errors.ts'
export type { FaultWords, FileFault } from './file-fault.ts'
export type { FileLock, FileLockOptions } from './file-lock.ts'
export type { LockHolder } from './lock-holder.ts'
export type { FileName, HeldPlace } from './held-file.ts'
export type { NamedPlace } from './left-behind.ts'
export type { HeldDirectory, HoldDirectoryOptions } from './held-directory.ts'
export type { ReplaceFileOptions } from './durable-write.ts'

export { disk } from './disk.ts'
export {
  FileLockError,
  FileReadError,
  FileWriteError,
  isFileError,
  isUnreadable,
  throwWriteFailure,
  UnsafePathError,
  readFailure,
  writeFailure,
} from './errors.ts'
export { sqliteCode, sqliteFault } from './file-fault.ts'
export { fileBytes, openRegularFile, readSmallFile } from './regular-file.ts'
export { assertSame, holdPlace, publishFile, replaceHeldFile } from './held-file.ts'
export { removeLeftBehind, temporaryBeside } from './left-behind.ts'
export { holdDirectory } from './held-directory.ts'
export { openFilesLimit } from './open-files.ts'
export { isMissing, systemCode, unlessMissing } from './system-error.ts'
export { withDirectoryLock } from './directory-lock.ts'
export { lockFile, STOPPED_HOLDER_MS, tryLockFile, withFileLock } from './file-lock.ts'
export { heldHint, holderText, lockHolder } from './lock-holder.ts'
export { replaceFile, syncDirectory, syncDirectorySync, writeFully } from './durable-write.ts'
