import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { FsStore } from '@drayage/content-fs'
import { disk, unlessMissing } from '@drayage/files'

import type { SweptLeftovers } from '../store.ts'
import { scratchDirectory, uploadsDirectory } from './store-directory.ts'

/** Removes what killed commands left in the directory of a store; see `LeftoverSweeper`. */
export async function sweepLeftovers(
  directory: string,
  content: FsStore,
  { olderThanMs, signal }: AbortOptions & { readonly olderThanMs: number },
): Promise<SweptLeftovers> {
  const newestMs = Date.now() - olderThanMs
  await removeOlder(uploadsDirectory(directory), newestMs, { signal })
  await removeOlder(scratchDirectory(directory), newestMs, { signal })
  return await content.sweepIngests({ olderThanMs, signal })
}

/** Removes what is in `directory` and was last changed at `newestMs` or before. */
async function removeOlder(directory: string, newestMs: number, { signal }: AbortOptions): Promise<void> {
  for (const name of (await unlessMissing(disk.readdir(directory))) ?? []) {
    signal?.throwIfAborted()
    const one = path.join(directory, name)
    // Another process may have removed it since.
    const found = await unlessMissing(disk.stat(one))
    if (found !== undefined && found.mtimeMs <= newestMs) await disk.rm(one, { recursive: true, force: true })
  }
}

/** Whether the store was not swept for `everyMs`; then it counts as swept from now on. */
export async function claimSweep(directory: string, everyMs: number, nowMs: number): Promise<boolean> {
  const mark = path.join(directory, 'swept')
  const last = (await unlessMissing(disk.stat(mark)))?.mtimeMs
  // A mark from the future is of a clock that was wrong.
  if (last !== undefined && last <= nowMs && nowMs - last < everyMs) return false
  await disk.writeFile(mark, '', { mode: 0o600 })
  return true
}
