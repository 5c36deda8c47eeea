import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { throwWriteFailure, UnsafePathError, writeFailure } from './errors.ts'
import { type HeldDirectory, holdDirectory, linkTarget, MOST_LINKS } from './held-directory.ts'
import { removeLeftBehind, temporaryBeside } from './left-behind.ts'
import { unlessMissing } from './system-error.ts'

/** A name in a directory, whether something has it or not. */
export interface FileName {
  readonly directory: HeldDirectory
  readonly name: string
}

/** Where a path leads to. Disposing it lets go of the directory. */
export interface HeldPlace extends FileName, AsyncDisposable {
  /** What has the name: no link, unless it leads to something without a path, such as a pipe. */
  readonly found: BigIntStats | undefined
}

/**
 * Holds the directory of the file at `path`; links on the way are followed by the rule of {@link holdDirectory}, also one
 * that has the name of the file.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH`
 * @throws FileWriteError `ERR_FILE_WRITE`, also when the directory is missing
 */
export async function holdPlace(path: string): Promise<HeldPlace> {
  let at = resolve(path)
  for (let left = MOST_LINKS; left > 0; left--) {
    const directory = await holdDirectory(dirname(at))
    if (directory === undefined) {
      // Fails with the reason of the system, unless it has been created meanwhile.
      await lstat(dirname(at)).catch(throwWriteFailure(path))
      continue
    }
    const name = basename(at) === '' ? '.' : basename(at)
    try {
      const found = await unlessMissing(lstat(directory.at(name), { bigint: true }))
      const target = found?.isSymbolicLink() === true ? await linkTarget(directory.at(name), found, path) : undefined
      // The link to an open pipe has text that is no path.
      if (target === undefined || /^[a-z_]+:\[/.test(target)) {
        return { directory, name, found, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
      }
      at = resolve(dirname(at), target)
    } catch (error) {
      await directory[Symbol.asyncDispose]()
      throw writeFailure(error, path)
    }
    await directory[Symbol.asyncDispose]()
  }
  throw new UnsafePathError(path, 'link')
}

/**
 * Gives the open file the name `to`, in place of what has it; `from` is its name so far. Whoever may write to one of the
 * directories could have put something else under either name.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH` when another file than this one has the name then
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function publishFile(file: FileHandle, from: FileName, to: FileName): Promise<void> {
  try {
    await assertSame(file, from)
    await rename(pathOf(from), pathOf(to))
    await assertSame(file, to)
  } catch (error) {
    throw writeFailure(error, shownOf(to))
  }
}

/**
 * Checks that the open file has this name, or another one of its owner, who may have written the same twice.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH`
 */
export async function assertSame(file: FileHandle, at: FileName): Promise<void> {
  const own = await file.stat({ bigint: true })
  const found = await unlessMissing(lstat(pathOf(at), { bigint: true }))
  const isSame = found?.ino === own.ino && found.dev === own.dev
  if (!isSame && (found?.isFile() !== true || found.uid !== own.uid)) throw new UnsafePathError(shownOf(at), 'changed')
}

/**
 * Makes `content` what the file with this name holds, as `replaceFile` does.
 *
 * @throws UnsafePathError `ERR_UNSAFE_PATH` when somebody else put something in its place meanwhile
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function replaceHeldFile(to: FileName, content: Uint8Array | string): Promise<void> {
  await removeLeftBehind(to)
  const temporary = { directory: to.directory, name: basename(temporaryBeside(to.name)) }
  try {
    await using file = await open(pathOf(temporary), 'wx', 0o644)
    await file.writeFile(content)
    await file.sync()
    await publishFile(file, temporary, to)
  } catch (error) {
    await rm(pathOf(temporary), { force: true }).catch(() => {})
    throw writeFailure(error, shownOf(to))
  }
  await to.directory.sync()
}

function pathOf({ directory, name }: FileName): string {
  return directory.at(name)
}

function shownOf({ directory, name }: FileName): string {
  return join(directory.path, name)
}
