import { DrayageError, errorGuard, quote } from '@drayage/bytes'
import { getSystemErrorMessage } from 'node:util'

import { systemCode } from './system-error.ts'

/** Codes of the errors of this package. */
export type FileErrorCode = FileError['code']

/**
 * Why a file cannot be locked: its directory does not exist (any more), something other than a regular file has its name,
 * or it can be neither opened nor created.
 */
export type FileLockFault = 'no-directory' | 'no-file' | 'unwritable'

const LOCK_FAULTS: Readonly<Record<FileLockFault, string>> = {
  'no-directory': 'its directory does not exist',
  'no-file': 'it is not a regular file',
  unwritable: 'it can be neither opened nor created',
}

/** A file that cannot be locked; the system's reason is the cause. */
export class FileLockError extends DrayageError<'ERR_FILE_LOCK'> {
  override readonly name: string = 'FileLockError'
  readonly problem: 'unwritable' = 'unwritable'
  readonly path: string
  readonly fault: FileLockFault

  constructor(path: string, fault: FileLockFault, options?: ErrorOptions) {
    super('ERR_FILE_LOCK', `Cannot lock "${path}": ${LOCK_FAULTS[fault]}`, {
      ...options,
      hint: 'Use a directory that exists and that you may write to.',
    })
    this.path = path
    this.fault = fault
  }
}

/**
 * What kept a file from being written: no room or quota left, no permission or a read-only file system, a disk that
 * reports errors, or something else that the system said.
 */
export type FileWriteFault = 'full' | 'denied' | 'disk' | 'other'

const WRITE_FAULTS: Readonly<Record<string, FileWriteFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  EIO: 'disk',
}

/** EDQUOT on Linux, which Node has no name for. */
const QUOTA_ERRNO = -122

const HINTS: Readonly<Record<FileWriteFault, string | undefined>> = {
  full: 'Free some space, or write to another place.',
  denied: 'Write to a place where you have the permission to.',
  disk: 'Check the disk before you rely on it.',
  other: undefined,
}

/** A file or directory that could not be written; the system's error is the cause. */
export class FileWriteError extends DrayageError<'ERR_FILE_WRITE'> {
  override readonly name: string = 'FileWriteError'
  readonly problem: 'unwritable' = 'unwritable'
  readonly path: string
  readonly fault: FileWriteFault

  constructor(path: string, cause: NodeJS.ErrnoException) {
    const isQuota = cause.errno === QUOTA_ERRNO
    const fault = isQuota ? 'full' : (WRITE_FAULTS[cause.code ?? ''] ?? 'other')
    const reason = isQuota ? 'disk quota exceeded' : systemMessage(cause)
    super('ERR_FILE_WRITE', `Cannot write "${path}": ${reason}`, { cause, hint: HINTS[fault] })
    this.path = path
    this.fault = fault
  }
}

/**
 * Why nothing is written to a path: a link leads there that belongs to another user or stands where none may be, or what was
 * written has been replaced by somebody else.
 */
export type UnsafePathFault = 'link' | 'changed'

const UNSAFE: Readonly<Record<UnsafePathFault, { readonly reason: string; readonly hint: string }>> = {
  link: {
    reason: 'a link of another user leads there, or one stands where a directory belongs',
    hint: 'Name the place itself, in a directory that only you may change.',
  },
  changed: {
    reason: 'somebody else put another file in its place',
    hint: 'Write to a directory that only you may change.',
  },
}

/** A path that somebody else could lead, or has led, to another place. Nothing was written there. */
export class UnsafePathError extends DrayageError<'ERR_UNSAFE_PATH'> {
  override readonly name: string = 'UnsafePathError'
  readonly problem: 'unwritable' = 'unwritable'
  readonly path: string
  readonly fault: UnsafePathFault

  constructor(path: string, fault: UnsafePathFault, options?: ErrorOptions) {
    const { reason, hint } = UNSAFE[fault]
    super('ERR_UNSAFE_PATH', `Cannot write ${quote(path)}: ${reason}`, { ...options, hint })
    this.path = path
    this.fault = fault
  }
}

/** Any error of this package. */
export type FileError = FileLockError | FileWriteError | UnsafePathError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isFileError: (value: unknown) => value is FileError = errorGuard<FileError>([
  'ERR_FILE_LOCK',
  'ERR_FILE_WRITE',
  'ERR_UNSAFE_PATH',
])

/** The error to throw for a failed change of `path`: a {@link FileWriteError} for one of the system, else `error` itself. */
export function writeFailure(error: unknown, path: string): unknown {
  return systemCode(error) === undefined ? error : new FileWriteError(path, error as NodeJS.ErrnoException)
}

/** A handler of rejections that throws the {@link writeFailure} of `path`. */
export function throwWriteFailure(path: string): (error: unknown) => never {
  return (error) => {
    throw writeFailure(error, path)
  }
}

function systemMessage({ errno, message }: NodeJS.ErrnoException): string {
  return errno === undefined ? message : getSystemErrorMessage(errno)
}
