import type { Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { isDigest } from '@drayage/digest'
import { disk, syncDirectory, systemCode, unlessMissing } from '@drayage/files'

import { storeFailure, StoreUnsafeError } from './errors.ts'
import { blobDirectory, ingestKeyOf, type Layout } from './layout.ts'

/** What is taken from others: whoever could put something into a part of a store could make it believe that. */
const OTHERS_WRITE = 0o002

/** The mode of every directory of a store: for its user only. */
export const DIRECTORY_MODE = 0o700

/**
 * Creates the missing directories of a store, with mode 0700 under any umask, and makes sure that the others are safe and
 * durable. The root may be a symbolic link, no part of it may.
 *
 * Only what may not be durable yet is synced. The trash is made when the directories of blobs are, and an ingest is removed
 * when the name of its blob is: a trash that is there and no ingests say that all is durable.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 * @throws StoreUnwritableError `ERR_STORE_UNWRITABLE`
 */
export async function prepareDirectory(layout: Layout): Promise<void> {
  await makeDirectory(resolve(layout.root))
  await assertOwn(layout.root, disk.stat)
  let isDurable = (await unlessMissing(disk.lstat(layout.trash))) !== undefined
  for (const part of [layout.blobs, ...layout.blobDirectories]) isDurable = !(await ensurePart(part)) && isDurable
  if (!isDurable) for (const directory of [layout.root, layout.blobs]) await syncNames(directory)
  for (const part of [layout.ingests, layout.trash]) await ensurePart(part)
  // Names that a killed process gave become durable before a caller relies on them.
  const unfinished = (await disk.readdir(layout.ingests)).map(ingestKeyOf).filter((key) => isDigest(key))
  for (const directory of new Set(unfinished.map((key) => blobDirectory(layout, key)))) await syncNames(directory)
}

/**
 * Makes sure that the parts of a store that can only be read are directories; they may belong to anybody.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 */
export async function assertParts(layout: Layout): Promise<void> {
  for (const part of [layout.blobs, ...layout.blobDirectories]) {
    const found = await disk.lstat(part).catch((error: unknown) => {
      throw storeFailure(error, part)
    })
    assertDirectory(part, found)
  }
}

/**
 * Creates a directory of the store unless it exists. Resolves to whether it did.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 */
export async function ensurePart(path: string): Promise<boolean> {
  const isNew = await makeOne(path).catch((error: unknown) => {
    throw storeFailure(error, path)
  })
  const { mode } = await assertOwn(path, disk.lstat)
  // On a file system that cannot be written to, it stays as it is.
  if ((mode & OTHERS_WRITE) !== 0) await disk.chmod(path, DIRECTORY_MODE).catch(() => {})
  return isNew
}

/** Makes the names in a directory of the store durable. */
export async function syncNames(path: string): Promise<void> {
  await syncDirectory(path).catch((error: unknown) => {
    throw storeFailure(error, path)
  })
}

/** Creates a directory and those above it, durably; the recursive `mkdir` of Node applies the umask and hides reasons. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path).catch(async (error: unknown) => {
      if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
      await makeDirectory(dirname(path))
      await makeOne(path)
      await syncNames(dirname(path))
    })
  } catch (error) {
    throw storeFailure(error, path)
  }
}

/** Creates a directory unless something has its name. Resolves to whether it did. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await disk.mkdir(path, { mode: DIRECTORY_MODE })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
  await disk.chmod(path, DIRECTORY_MODE)
  return true
}

async function assertOwn(path: string, look: (path: string) => Promise<Stats>): Promise<Stats> {
  const found = await look(path)
  assertDirectory(path, found)
  const user = process.geteuid?.()
  if (user !== undefined && found.uid !== user) throw new StoreUnsafeError(path, `owned by user ${found.uid}`)
  return found
}

function assertDirectory(path: string, found: Stats): void {
  if (found.isSymbolicLink()) throw new StoreUnsafeError(path, 'a symbolic link')
  if (!found.isDirectory()) throw new StoreUnsafeError(path, 'not a directory')
}
