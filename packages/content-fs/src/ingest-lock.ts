import { dirname } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { disk, type FileLock, FileLockError, lockFile, sqliteFault, systemCode, tryLockFile } from '@drayage/files'

import { storeError, storeFailure, StoreUnsafeError, StoreUnwritableError } from './errors.ts'
import { dataFile, lockFileOf } from './layout.ts'
import { ensurePart } from './prepare-directory.ts'

/** The directory of an ingest, held by this process alone. */
export interface IngestLock {
  readonly directory: string
  /** Lets the next holder in. */
  release(): void
  /** Removes the directory, then lets the next holder in. */
  remove(): Promise<void>
}

const MODE = 0o600

/** Waits until no other holder, of this process or another, has `directory`, and takes it; it is created when missing. */
export async function lockIngest(directory: string, { signal }: AbortOptions = {}): Promise<IngestLock> {
  for (;;) {
    signal?.throwIfAborted()
    if (!(await ensureDirectory(directory))) continue
    try {
      return lockOf(directory, await lockFile(lockFileOf(directory), { signal, mode: MODE }))
    } catch (error) {
      if (!isGone(error)) throw lockFailure(error)
    }
  }
}

/** Takes `directory`, unless another holder has it or it does not exist. */
export async function tryLockIngest(directory: string): Promise<IngestLock | undefined> {
  try {
    const lock = await tryLockFile(lockFileOf(directory), { mode: MODE })
    return lock && lockOf(directory, lock)
  } catch (error) {
    if (isGone(error)) return undefined
    throw lockFailure(error)
  }
}

function lockOf(directory: string, lock: FileLock): IngestLock {
  return {
    directory,
    release: () => lock.release(),
    async remove() {
      try {
        await disk.rm(dataFile(directory), { force: true })
        await disk.rm(lock.path, { force: true })
        await disk.rmdir(directory)
      } catch (error) {
        // Another holder has a new lock in it already.
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw storeFailure(error, directory)
      } finally {
        lock.release()
      }
    },
  }
}

/** Creates the directory unless it exists. Resolves to `false` when its last holder removes it at the same time. */
async function ensureDirectory(directory: string): Promise<boolean> {
  try {
    await ensurePart(directory)
    return true
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    // When all of the store is gone, there is nothing to try again.
    await disk.lstat(dirname(directory))
    return false
  }
}

function isGone(error: unknown): boolean {
  return error instanceof FileLockError && error.fault === 'no-directory'
}

/** A failed lock as an error of a store. */
function lockFailure(error: unknown): unknown {
  if (!(error instanceof FileLockError)) return error
  const { path, fault } = error
  if (fault === 'no-file') return new StoreUnsafeError(path, 'not a regular file', { cause: error })
  const { fault: kind = 'other', reason = 'it cannot be opened' } = sqliteFault(error.cause, path) ?? {}
  const options = { action: 'lock', reason, cause: error }
  return storeError({ path, fault: kind, ...options }, options) ?? new StoreUnwritableError(path, options)
}
