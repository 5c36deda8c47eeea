import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { isMissing, readFailure, syncDirectorySync, writeFailure } from '@drayage/files'

import type { Sqlite } from './database.ts'
import { translateSqliteError } from './sqlite-error.ts'

/** How long a process waits for another that moves a damaged database, in milliseconds. */
const WAIT_MS = 60_000

/** What distinguishes the file at a path from any other that is or was there, and how long it is. */
export interface FileIdentity {
  readonly file: string
  readonly size: number
  readonly mtimeMs: number
}

/** The file at `path`; `undefined` when there is none. */
export function identifyFile(path: string): FileIdentity | undefined {
  try {
    const { dev, ino, size, mtimeMs } = statSync(path)
    return { file: `${dev} ${ino}`, size, mtimeMs }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw readFailure(error, path)
  }
}

/**
 * Moves the database that is the file `damaged` out of the way, unless another process has done so; the one that was moved
 * before goes. Returns where it is now. A kill at any step leaves a database that is damaged, or older, or none.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 * @throws StoreBusyError `ERR_STORE_BUSY`
 */
export function setAside(Sqlite: Sqlite, path: string, damaged: string): string | undefined {
  const release = lockNow(Sqlite, `${path}-lock`)
  try {
    if (identifyFile(path)?.file !== damaged) return undefined
    const [directory, prefix] = [dirname(path), `${basename(path)}.damaged-`]
    for (const name of readdirSync(directory)) {
      if (name.startsWith(prefix)) rmSync(join(directory, name), { force: true })
    }
    const aside = join(directory, `${prefix}${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
    moveIfThere(`${path}-wal`, `${aside}-wal`)
    rmSync(`${path}-shm`, { force: true })
    moveIfThere(path, aside)
    syncDirectorySync(directory)
    return aside
  } catch (error) {
    throw writeFailure(error, path)
  } finally {
    release()
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Locks a file as `lockFile` of `@drayage/files` does, within a synchronous call; the file stays. */
function lockNow(Sqlite: Sqlite, path: string): () => void {
  try {
    const lock = new Sqlite(path, { timeout: WAIT_MS })
    try {
      lock.exec('pragma journal_mode = memory; begin exclusive')
    } catch (error) {
      lock.close()
      throw error
    }
    return () => lock.close()
  } catch (error) {
    throw translateSqliteError(error, path)
  }
}
