import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** A directory that is removed when it is disposed. */
export interface TempDir extends AsyncDisposable {
  readonly path: string
}

/** Makes an empty directory for a test: `await using directory = await tempDir()`. */
export async function tempDir(prefix = 'drayage-'): Promise<TempDir> {
  const directory = await mkdtemp(path.join(os.tmpdir(), prefix))
  return {
    path: directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** How many files below a directory this process has open, on Linux. */
export async function openFilesIn(directory: string): Promise<number> {
  const isThere = (fd: string): Promise<boolean> =>
    readlink(`/proc/self/fd/${fd}`).then(
      (path) => path.startsWith(directory),
      () => false,
    )
  return (await Promise.all((await readdir('/proc/self/fd')).map(isThere))).filter(Boolean).length
}
