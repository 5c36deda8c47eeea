import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

import { disk, systemCode } from '@drayage/files'

import { storeFailure, StoreUnsafeError } from './errors.ts'

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants

/** The mode of bytes that are on their way in. */
export const DATA_MODE = 0o600

/**
 * Opens the data file of an ingest, which is created when it is missing.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 */
export async function openData(path: string): Promise<{ readonly handle: FileHandle; readonly bytes: number }> {
  const handle = await openWritable(path).catch((error: unknown) => {
    throw systemCode(error) === 'ELOOP'
      ? new StoreUnsafeError(path, 'a symbolic link', { cause: error })
      : storeFailure(error, path)
  })
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new StoreUnsafeError(path, 'not a regular file')
    if ((found.mode & 0o777) !== DATA_MODE) await handle.chmod(DATA_MODE)
    return { handle, bytes: found.size }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openWritable(path: string): Promise<FileHandle> {
  const flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK
  try {
    return await disk.open(path, flags, DATA_MODE)
  } catch (error) {
    // An earlier holder was killed when it had sealed the file and not yet renamed it.
    if (systemCode(error) !== 'EACCES' || !(await disk.lstat(path)).isFile()) throw error
    await disk.chmod(path, DATA_MODE)
    return disk.open(path, flags, DATA_MODE)
  }
}
