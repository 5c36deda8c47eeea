import { DrayageError, errorGuard, quote } from '@drayage/bytes'

import { faultOf, type FileFault, sqliteFault } from './file-fault.ts'
import { heldHint, holderText, type LockHolder } from './lock-holder.ts'
import { systemCode } from './system-error.ts'

/** Codes of the errors of this package. */
export type FileErrorCode = FileError['code']

/**
 * Why a file cannot be locked: its directory does not exist (any more), something other than a regular file has its name,
 * or it can be neither opened nor created.
 */
export type FileLockFault = 'no-directory' | 'no-file' | 'unwritable' | 'held'

const LOCK_FAULTS: Readonly<Record<FileLockFault, string>> = {
  'no-directory': 'its directory does not exist',
  'no-file': 'it is not a regular file',
  unwritable: 'it can be neither opened nor created',
  held: 'another process holds it',
}

const HINTS: Readonly<Record<FileFault, string | undefined>> = {
  full: 'Free some space, or use another place.',
  denied: 'Use a place where you have the permission to.',
  disk: 'Check the disk before you rely on it.',
  missing: undefined,
  limit: 'Close some files or connections, or raise the limit (ulimit -n).',
  other: undefined,
}

const DIRECTORY_HINT = 'Use a directory that exists and that you may write to.'

/** A file that cannot be locked; the system's or SQLite's reason is the cause. */
export class FileLockError extends DrayageError<'ERR_FILE_LOCK'> {
  override readonly name: string = 'FileLockError'
  readonly problem: 'unwritable' = 'unwritable'
  readonly path: string
  readonly fault: FileLockFault
  /** The process that holds it, where that is the fault and known. */
  readonly pid?: number

  constructor(
    path: string,
    fault: FileLockFault,
    options: ErrorOptions & { readonly holder?: LockHolder | undefined } = {},
  ) {
    const { holder, ...others } = options
    const found = fault === 'unwritable' ? sqliteFault(options.cause, path) : undefined
    const reason = holder === undefined ? LOCK_FAULTS[fault] : `${holderText(holder)} holds it`
    super('ERR_FILE_LOCK', `Cannot lock ${quote(path)}: ${found?.reason ?? reason}`, {
      ...others,
      hint: fault === 'held' ? heldHint(holder) : (HINTS[found?.fault ?? 'other'] ?? DIRECTORY_HINT),
    })
    this.path = path
    this.fault = fault
    if (holder !== undefined) this.pid = holder.pid
  }
}

/** What the system said of a file or directory, which is the cause. */
class SystemFileError<Code extends string> extends DrayageError<Code> {
  readonly path: string
  readonly fault: FileFault
  /** What was tried, as a verb, such as `rename`. */
  readonly action: string
  /** What happened, as the end of a sentence. */
  readonly reason: string

  constructor(
    code: Code,
    path: string,
    { cause, action }: { readonly cause: NodeJS.ErrnoException; readonly action: string },
  ) {
    const words = faultOf(cause)
    const tried = words.action ?? action
    super(code, `Cannot ${tried} ${quote(path)}: ${words.reason}`, { cause, hint: HINTS[words.fault] })
    this.path = path
    this.fault = words.fault
    this.action = tried
    this.reason = words.reason
  }
}

/** A file or directory that could not be changed; the system's error is the cause. */
export class FileWriteError extends SystemFileError<'ERR_FILE_WRITE'> {
  override readonly name: string = 'FileWriteError'
  readonly problem: 'unwritable' = 'unwritable'

  constructor(path: string, cause: NodeJS.ErrnoException) {
    super('ERR_FILE_WRITE', path, { cause, action: 'write' })
  }
}

/** A file or directory that could not be read, although it may be there; the system's error is the cause. */
export class FileReadError extends SystemFileError<'ERR_FILE_READ'> {
  override readonly name: string = 'FileReadError'

  constructor(path: string, cause: NodeJS.ErrnoException) {
    super('ERR_FILE_READ', path, { cause, action: 'read' })
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
export type FileError = FileLockError | FileReadError | FileWriteError | UnsafePathError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isFileError: (value: unknown) => value is FileError = errorGuard<FileError>([
  'ERR_FILE_LOCK',
  'ERR_FILE_READ',
  'ERR_FILE_WRITE',
  'ERR_UNSAFE_PATH',
])

/** The faults of one file that leave others to be read. */
const UNREADABLE: ReadonlySet<FileFault> = new Set(['disk', 'denied'])

/** Tells whether `error` says that a file is there and cannot be read: the disk fails, or the permission is missing. */
export function isUnreadable(error: unknown): boolean {
  return isFileError(error) && error.code === 'ERR_FILE_READ' && UNREADABLE.has(error.fault)
}

/**
 * The error to throw for a failed change of `path`: a {@link FileWriteError} for one of the system and for that of another
 * path, such as a temporary file; else `error` itself.
 */
export function writeFailure(error: unknown, path: string): unknown {
  const cause = error instanceof FileWriteError ? error.cause : error
  return isSystemError(cause) ? new FileWriteError(path, cause) : error
}

/** The error to throw for a failed read of `path`: a {@link FileReadError} for one of the system, else `error` itself. */
export function readFailure(error: unknown, path: string): unknown {
  return isSystemError(error) ? new FileReadError(path, error) : error
}

/** A handler of rejections that throws the {@link writeFailure} of `path`. */
export function throwWriteFailure(path: string): (error: unknown) => never {
  return (error) => {
    throw writeFailure(error, path)
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return !isFileError(error) && systemCode(error) !== undefined
}
