import { type BigIntStats, constants, existsSync } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readlink, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'

import { syncDirectory } from './durable-write.ts'
import { UnsafePathError, writeFailure } from './errors.ts'
import { systemCode, unlessMissing } from './system-error.ts'

/** Linux leads from the number of an open directory to that very directory. Elsewhere paths have to do. */
const OPEN_FILES = process.platform === 'linux' && existsSync('/proc/self/fd') ? '/proc/self/fd' : undefined

/** A directory as a place to go on from (`O_PATH` of Linux), which takes no permission to list it. */
const DIRECTORY_ONLY = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** How often a directory is made that somebody takes away. */
const MOST_TRIES = 20
/** As many links as Linux follows in one path. */
export const MOST_LINKS = 40

/**
 * A directory that stays the same one while it is held, also when somebody else renames it or puts a link in its place.
 * On systems other than Linux it is held by its path.
 */
export interface HeldDirectory extends AsyncDisposable {
  /** As people know it. */
  readonly path: string
  /** A path to an entry of this very directory; `.` is the directory itself. */
  at(name: string): string
  /** Makes the names in it durable. @throws FileWriteError `ERR_FILE_WRITE` */
  sync(): Promise<void>
}

/** Options of {@link holdDirectory}. */
export interface HoldDirectoryOptions {
  /** Whether to create what is missing of the path; `false` by default. */
  readonly create?: boolean
  /** The directory that `path` starts from; below it no link is followed at all. */
  readonly within?: HeldDirectory
}

/**
 * Holds the directory at `path`; `undefined` when it is missing and not to be created. Links on the way to it are followed
 * when they belong to this user or to root, since others could turn them to any place.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH` for any other link
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function holdDirectory(
  path: string,
  options: HoldDirectoryOptions & { readonly create: true },
): Promise<HeldDirectory>
export async function holdDirectory(path: string, options?: HoldDirectoryOptions): Promise<HeldDirectory | undefined>
export async function holdDirectory(
  path: string,
  { create = false, within }: HoldDirectoryOptions = {},
): Promise<HeldDirectory | undefined> {
  const shown = within === undefined ? resolve(path) : join(within.path, path)
  try {
    if (OPEN_FILES === undefined) return await holdByPath(shown, { create, followsLink: within === undefined })
    const from = await open(within?.at('.') ?? '/', DIRECTORY_ONLY)
    return await walk(from, namesOf(within === undefined ? shown : path), {
      shown,
      create,
      isBelow: within !== undefined,
    })
  } catch (error) {
    throw writeFailure(error, shown)
  }
}

/**
 * Where a link leads.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH` when it belongs to another user than this one or root, or changed meanwhile;
 *   `shown` is how the path is called there
 */
export async function linkTarget(path: string, link: BigIntStats, shown: string): Promise<string> {
  const own = process.geteuid?.()
  const target = await readlink(path)
  const after = await lstat(path, { bigint: true })
  const isSame = after.ino === link.ino && after.dev === link.dev && after.ctimeNs === link.ctimeNs
  if (!isSame || (own !== undefined && link.uid !== BigInt(own) && link.uid !== 0n)) {
    throw new UnsafePathError(shown, 'link')
  }
  return target
}

interface Walk {
  readonly shown: string
  readonly create: boolean
  /** Whether it starts from a held directory, below which no link is followed. */
  readonly isBelow: boolean
}

/** Goes from directory to directory by handles; closes `from`. */
async function walk(
  from: FileHandle,
  ahead: string[],
  { shown, create, isBelow }: Walk,
): Promise<HeldDirectory | undefined> {
  let handle = from
  let links = 0
  const goOn = async (next: FileHandle): Promise<void> => {
    await handle.close()
    handle = next
  }
  try {
    for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      const path = entryOf(handle, name)
      let next = await tryOpen(path)
      // Another process may remove what was made.
      for (let left = MOST_TRIES; next === undefined && create; left--) {
        if (left === 0) throw new UnsafePathError(shown, 'changed')
        await mkdir(path).catch((error: unknown) => assertThere(error))
        next = await tryOpen(path)
      }
      if (next === undefined) {
        await handle.close()
        return undefined
      }
      if (next !== 'other') {
        await goOn(next)
        continue
      }
      const found = await lstat(path, { bigint: true })
      if (!found.isSymbolicLink()) {
        // Fails with the reason of the system, unless it has become a directory meanwhile.
        await goOn(await open(path, DIRECTORY_ONLY))
        continue
      }
      if (isBelow || ++links > MOST_LINKS) throw new UnsafePathError(shown, 'link')
      const target = await linkTarget(path, found, shown)
      ahead.unshift(...namesOf(target))
      if (target.startsWith('/')) await goOn(await open('/', DIRECTORY_ONLY))
    }
  } catch (error) {
    await handle.close()
    throw error
  }
  return heldBy(handle, shown)
}

function heldBy(handle: FileHandle, path: string): HeldDirectory {
  const at = (name: string): string => entryOf(handle, name)
  return {
    path,
    at,
    sync: () => syncDirectory(at('.')).catch((error: unknown) => Promise.reject(writeFailure(error, path))),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

function entryOf(handle: FileHandle, name: string): string {
  return `${OPEN_FILES ?? ''}/${handle.fd}/${name}`
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** `other` for a link, or anything else that is no directory; `undefined` when nothing has the name. */
async function tryOpen(path: string): Promise<FileHandle | 'other' | undefined> {
  try {
    return await open(path, DIRECTORY_ONLY)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ELOOP') return 'other'
    throw error
  }
}

function assertThere(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error
}

async function holdByPath(
  path: string,
  { create, followsLink }: { readonly create: boolean; readonly followsLink: boolean },
): Promise<HeldDirectory | undefined> {
  if (create) await mkdir(path, { recursive: true })
  const found = await unlessMissing(followsLink ? stat(path) : lstat(path))
  if (found === undefined) return undefined
  if (!found.isDirectory()) throw new UnsafePathError(path, 'link')
  return { path, at: (name) => join(path, name), sync: () => syncDirectory(path), async [Symbol.asyncDispose]() {} }
}
