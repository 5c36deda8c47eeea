import { closeSync, fsyncSync, openSync } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

import { writeFailure } from './errors.ts'
import { temporaryBeside } from './left-behind.ts'

/** Windows has no directories that can be opened; there, names are durable with their files. */
const CAN_SYNC_DIRECTORIES = process.platform !== 'win32'

/** Makes the names in a directory durable. @throws FileWriteError `ERR_FILE_WRITE` */
export async function syncDirectory(path: string): Promise<void> {
  if (!CAN_SYNC_DIRECTORIES) return
  try {
    await using directory = await open(path, 'r')
    await directory.sync()
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/** {@link syncDirectory} for steps of a transaction, which may not wait. @throws FileWriteError `ERR_FILE_WRITE` */
export function syncDirectorySync(path: string): void {
  if (!CAN_SYNC_DIRECTORIES) return
  try {
    const directory = openSync(path, 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/** Writes all of `bytes` at `position`; without a position, after what was written last. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const at = position === null ? null : position + done
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, at)
    done += bytesWritten
  }
}

/** Options of {@link replaceFile}. */
export interface ReplaceFileOptions {
  /** Permissions of the new file, before the umask; 0644 by default. */
  readonly mode?: number
}

/**
 * Makes `content` what the file at `path` holds, durably: readers and crashes see the old content or the new one. The
 * directory must exist.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function replaceFile(
  path: string,
  content: Uint8Array | string,
  { mode = 0o644 }: ReplaceFileOptions = {},
): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    {
      await using file = await open(temporary, 'wx', mode)
      await file.writeFile(content)
      await file.sync()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw writeFailure(error, path)
  }
  await syncDirectory(dirname(path))
}
