import { chmod, lstat, mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import { StoreUnsafeError } from './errors.ts'
import type { Layout } from './layout.ts'
import { storeFailure, systemCode } from './store-failure.ts'

/** The mode of every directory of a store: nobody but its user. */
export const DIRECTORY_MODE = 0o700

/**
 * Creates what is missing of the directories of a store, with mode 0700 under any umask, and makes sure that what is there
 * is safe and durable. The root may be a symbolic link, no part of it may.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 * @throws StoreUnwritableError `ERR_STORE_UNWRITABLE`
 */
export async function prepareDirectory(layout: Layout): Promise<void> {
  const parts = [layout.blobs, ...layout.blobDirectories, layout.ingests, layout.trash]
  await makeDirectory(resolve(layout.root))
  await assertOwn(layout.root, stat)
  for (const part of parts) await ensurePart(part)
  // Names that a killed process gave become durable before anybody is told that the content is there.
  for (const directory of [layout.root, layout.blobs, ...layout.blobDirectories]) await syncDirectory(directory)
}

/**
 * Creates a directory of the store unless it is there.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 */
export async function ensurePart(path: string): Promise<void> {
  await makeOne(path).catch((error: unknown) => {
    throw storeFailure(error, path)
  })
  await assertOwn(path, lstat)
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    throw storeFailure(error, path)
  } finally {
    await handle.close()
  }
}

/** Creates a directory and those above it, durably; the recursive `mkdir` of Node applies the umask and hides reasons. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path).catch(async (error: unknown) => {
      if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
      await makeDirectory(dirname(path))
      await makeOne(path)
      await syncDirectory(dirname(path))
    })
  } catch (error) {
    throw storeFailure(error, path)
  }
}

/** Creates a directory unless something has its name. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return
    throw error
  }
  await chmod(path, DIRECTORY_MODE)
}

async function assertOwn(path: string, look: typeof lstat): Promise<void> {
  const found = await look(path)
  if (found.isSymbolicLink()) throw new StoreUnsafeError(path, 'a symbolic link')
  if (!found.isDirectory()) throw new StoreUnsafeError(path, 'no directory')
  const user = process.geteuid?.()
  if (user !== undefined && found.uid !== user) throw new StoreUnsafeError(path, `owner ${found.uid}`)
}
