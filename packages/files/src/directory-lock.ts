import { lstat, lutimes, mkdir, rename, rmdir } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { writeFailure } from './errors.ts'
import type { FileName } from './held-file.ts'
import { systemCode, unlessMissing } from './system-error.ts'

/** How often a holder shows that it lives. */
const BEAT_MS = 250

/** A lock that shows no life for so long is that of a dead process. */
const DEAD_MS = 2000

const DELAY_MS = 20

/**
 * Runs `work` while no other process has the lock, an empty directory with this name, waiting for as long as one has. It is
 * for directories that others may write to: SQLite, which `withFileLock` uses, believes any journal that it finds beside
 * its file. After a process was killed that had the lock, the next one waits for 2 seconds; a process that stands still for
 * that long loses its lock.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function withDirectoryLock<T>(
  { directory, name }: FileName,
  work: () => Promise<T>,
  { signal }: AbortOptions = {},
): Promise<T> {
  const path = directory.at(name)
  const failed = (error: unknown): unknown => writeFailure(error, join(directory.path, name))
  await acquire(path, { signal }).catch((error: unknown) => Promise.reject(failed(error)))
  const own = await identity(path)
  const beat = setInterval(() => {
    const now = Date.now() / 1000
    lutimes(path, now, now).catch(() => {})
  }, BEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    if ((await identity(path))?.node === own?.node) await rmdir(path).catch(() => {})
  }
}

async function acquire(path: string, { signal }: AbortOptions): Promise<void> {
  let seen: string | undefined
  let seenAt = 0
  for (;;) {
    signal?.throwIfAborted()
    if (await tryMake(path)) return
    const state = (await identity(path))?.state
    if (state !== seen) {
      seen = state
      seenAt = performance.now()
    } else if (performance.now() - seenAt > DEAD_MS) {
      await takeAway(path)
      continue
    }
    await sleep(DELAY_MS, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}

async function tryMake(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o700)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Renamed first, so that what others made meanwhile is not removed. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  if ((await unlessMissing(rename(path, aside).then(() => true))) === true) await rmdir(aside).catch(() => {})
}

/** Which directory it is, and how it is by now. */
async function identity(path: string): Promise<{ readonly node: string; readonly state: string } | undefined> {
  const found = await unlessMissing(lstat(path, { bigint: true }))
  if (found === undefined) return undefined
  const node = `${found.dev} ${found.ino}`
  return { node, state: `${node} ${found.ctimeNs}` }
}
