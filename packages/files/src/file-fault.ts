import { accessSync, closeSync, constants, openSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { getSystemErrorMessage } from 'node:util'

/**
 * What kept a file from being used: no room or quota left, no permission or a read-only file system, a disk that reports
 * errors, too many open files, nothing that has the name, or something else that the system said.
 */
export type FileFault = 'full' | 'denied' | 'disk' | 'limit' | 'missing' | 'other'

/** What an error of the system says, in words of their own. */
export interface FaultWords {
  readonly fault: FileFault
  /** What happened, as the end of a sentence. */
  readonly reason: string
  /** What the system was asked for, as a verb. */
  readonly action: string | undefined
}

const FAULTS: Readonly<Record<string, readonly [FileFault, string]>> = {
  ENOSPC: ['full', 'no space is left on its file system'],
  EDQUOT: ['full', 'the disk quota is used up'],
  EFBIG: ['full', 'it would be larger than files may be'],
  EACCES: ['denied', 'permission denied'],
  EPERM: ['denied', 'the operation is not permitted'],
  EROFS: ['denied', 'its file system is read-only'],
  EIO: ['disk', 'the disk reports an error'],
  EUCLEAN: ['disk', 'its file system is damaged'],
  EBADMSG: ['disk', 'its file system is damaged'],
  EMFILE: ['limit', 'too many files are open in this process'],
  ENFILE: ['limit', 'too many files are open on this machine'],
  ENOENT: ['missing', 'no such file or directory'],
  ENOTDIR: ['missing', 'a part of the path is not a directory'],
}

/** Errors of Linux that Node has no names for. */
const NAMELESS: Readonly<Record<number, string>> = { [-74]: 'EBADMSG', [-117]: 'EUCLEAN', [-122]: 'EDQUOT' }

/** What is asked of the system, where its name says it badly. */
const ACTIONS: Readonly<Record<string, string>> = {
  chmod: 'change the mode of',
  fchmod: 'change the mode of',
  fdatasync: 'sync',
  fstat: 'look at',
  fsync: 'sync',
  ftruncate: 'truncate',
  lstat: 'look at',
  mkdir: 'create',
  mkdtemp: 'create',
  opendir: 'list',
  readlink: 'read',
  realpath: 'look at',
  rm: 'remove',
  rmdir: 'remove',
  scandir: 'list',
  stat: 'look at',
  statfs: 'look at',
  unlink: 'remove',
}

const DIRECT_ACTIONS: ReadonlySet<string> = new Set(['access', 'close', 'link', 'open', 'read', 'rename', 'write'])

/** Says what an error of the system means. */
export function faultOf({ code = '', errno, syscall, message }: NodeJS.ErrnoException): FaultWords {
  const name = NAMELESS[errno ?? 0] ?? code
  const [fault, reason] = FAULTS[name] ?? ['other', errno === undefined ? message : getSystemErrorMessage(errno)]
  const isDirect = syscall !== undefined && DIRECT_ACTIONS.has(syscall)
  return { fault, reason, action: isDirect ? syscall : ACTIONS[syscall ?? ''] }
}

/** Primary result codes of SQLite. @see https://www.sqlite.org/rescode.html */
const SQLITE_FAULTS: Readonly<Record<number, readonly [FileFault, string]>> = {
  8: ['denied', 'it can only be read'],
  10: ['disk', 'the disk reports an error'],
  13: ['full', 'no space is left on its file system'],
  14: ['other', 'it can be neither opened nor created'],
}

/** The primary result code of an error of SQLite; `undefined` for any other value. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  // The low byte is the kind of error, the rest its details.
  return error.errcode & 0xff
}

/**
 * Says what an error of SQLite about the file at `path` means, where it is one of the file system; `undefined` for others.
 * SQLite keeps the reason of the system to itself, so that the directory is asked.
 */
export function sqliteFault(error: unknown, path: string): Omit<FaultWords, 'action'> | undefined {
  const known = SQLITE_FAULTS[sqliteCode(error) ?? -1]
  if (known === undefined) return undefined
  const [fault, reason] = known
  return (fault === 'full' ? undefined : reasonOf(dirname(path))) ?? { fault, reason }
}

const SQLITE_FILES = 4

/** What keeps files from being made in a directory, as far as it shows without making one. */
function reasonOf(directory: string): FaultWords | undefined {
  const held: number[] = []
  try {
    // As many as SQLite opens: the database, its log, the index of that, and the directory.
    for (let count = 0; count < SQLITE_FILES; count++) held.push(openSync(directory, 'r'))
    accessSync(directory, constants.W_OK)
    const { bavail, blocks, ffree, files } = statfsSync(directory)
    const isFull = (blocks > 0 && bavail === 0) || (files > 0 && ffree === 0)
    return isFull ? faultOf(Object.assign(new Error('full'), { code: 'ENOSPC' })) : undefined
  } catch (error) {
    return error instanceof Error ? faultOf(error) : undefined
  } finally {
    for (const file of held) closeSync(file)
  }
}
