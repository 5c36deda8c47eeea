import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Small files that are written whole or not at all. */
export interface Files {
  /** The text of a file; `undefined` when there is none. */
  read(path: string): Promise<string | undefined>
  /** Replaces a file, durably. */
  write(path: string, text: string): Promise<void>
  /** Removes a file, durably. Resolves to whether it was there. */
  remove(path: string): Promise<boolean>
  /** The sorted names in a directory; `undefined` when there is none. */
  list(path: string): Promise<string[] | undefined>
}

/**
 * Opens the small files below `root`, which is made when the first one is written. Directories have mode 0700, files
 * 0600. A write goes to a file under `tmp`, is synced and renamed, and its directory synced.
 */
export function openFiles(root: string): Files {
  const write = async (path: string, text: string): Promise<void> => {
    const target = join(root, path)
    const temporary = join(root, 'tmp', randomUUID())
    await makeDirectory(join(root, 'tmp'))
    await makeDirectory(dirname(target))
    try {
      await using file = await open(temporary, 'wx', 0o600)
      await file.writeFile(text)
      await file.sync()
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await syncDirectory(dirname(target))
  }
  return {
    write,
    read: (path) => unlessMissing(readFile(join(root, path), 'utf8')),
    async remove(path) {
      const target = join(root, path)
      const removed = await unlessMissing(rm(target).then(() => true))
      if (removed === undefined) return false
      await syncDirectory(dirname(target))
      return true
    },
    async list(path) {
      const names = await unlessMissing(readdir(join(root, path)))
      return names?.sort()
    },
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a directory and those above it, and syncs the one that the first new one is in. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made))
    if (made === first || made === dirname(made)) return
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
