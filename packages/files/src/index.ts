/**
 * Files that a crash or another process never sees half done: locks, atomic replacement, durable names, careful reading.
 *
 * @packageDocumentation
 */
export type { FileBytesOptions, ReadSmallFileOptions, RegularFile } from './regular-file.ts'
export type { FileError, FileErrorCode, FileLockFault, FileWriteFault } from './errors.ts'
export type { FileLock, FileLockOptions } from './file-lock.ts'
export type { ReplaceFileOptions } from './durable-write.ts'

export { FileLockError, FileWriteError, isFileError, throwWriteFailure, writeFailure } from './errors.ts'
export { fileBytes, openRegularFile, readSmallFile } from './regular-file.ts'
export { isMissing, systemCode, unlessMissing } from './system-error.ts'
export { lockFile, tryLockFile, withFileLock } from './file-lock.ts'
export { replaceFile, syncDirectory, syncDirectorySync, temporaryBeside, writeFully } from './durable-write.ts'
