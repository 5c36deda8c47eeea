import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { IngestKey } from '@drayage/content'
import type { FsStore } from '@drayage/content-fs'
import { isDigest } from '@drayage/digest'
import { disk, holdDirectory, isFileError, removeLeftBehind, tryLockFile, unlessMissing } from '@drayage/files'
import type { ContentLeaser, UploadRecords } from '@drayage/image-store'
import type { LayerSweeper } from '@drayage/layer-store'

import { DEFAULT_INGEST_AGE_MS, type SweptLeftovers } from '../store.ts'
import type { FileLives } from './holder-life.ts'
import { scratchDirectory, scratchOwner, uploadsDirectory } from './store-directory.ts'

/** Where {@link sweepLeftovers} looks. */
export interface LeftoverParts {
  readonly directory: string
  readonly content: FsStore
  readonly layers: LayerSweeper
  readonly lives: FileLives
  readonly leases: ContentLeaser
  readonly uploads: UploadRecords
}

/** The files of a store that are replaced by new ones, which are written beside them. */
const REPLACED: readonly string[] = ['version', 'names.journal']

/**
 * Removes what killed commands left in the directory of a store; see `LeftoverSweeper`. What a process works on is its own for
 * as long as it lives: it holds the lock of a file, or what it writes is named after it. Nobody's is the rest.
 */
export async function sweepLeftovers(
  { directory, content, layers, lives, leases, uploads }: LeftoverParts,
  { olderThanMs, signal }: AbortOptions & { readonly olderThanMs: number },
): Promise<SweptLeftovers> {
  const othersMs = Math.max(olderThanMs, DEFAULT_INGEST_AGE_MS)
  const newestMs = Date.now() - othersMs
  await removeOlder(uploadsDirectory(directory), newestMs, { signal })
  await removeOwnerless(scratchDirectory(directory), { signal })
  await removeOlder(scratchDirectory(directory), newestMs, { signal })
  await layers.sweep({ signal })
  await lives.removeEnded({ signal })
  {
    await using held = await holdDirectory(directory)
    if (held !== undefined) for (const name of REPLACED) await removeLeftBehind({ directory: held, name })
  }
  return await content.sweepIngests({
    olderThanMs,
    signal,
    ageFor: (key) => ageFor({ leases, uploads }, key, olderThanMs),
  })
}

/** For how long an ingest stays that gets no bytes. */
async function ageFor(
  { leases, uploads }: Pick<LeftoverParts, 'leases' | 'uploads'>,
  key: IngestKey,
  olderThanMs: number,
): Promise<number> {
  if (isDigest(key)) return (await leases.isKept(key)) ? Number.POSITIVE_INFINITY : olderThanMs
  const isOfOthers = (await uploads.find(key)) !== undefined
  return isOfOthers ? Math.max(olderThanMs, DEFAULT_INGEST_AGE_MS) : olderThanMs
}

/** The bytes of unfinished downloads and uploads; see `LeftoverSweeper`. */
export async function measureLeftovers(
  { content, ...parts }: Pick<LeftoverParts, 'content' | 'leases' | 'uploads'>,
  options: AbortOptions = {},
): Promise<{ readonly bytes: number; readonly removable: number }> {
  const nowMs = Date.now()
  let [bytes, removable] = [0, 0]
  for await (const ingest of content.listIngests(options)) {
    bytes += ingest.bytes
    const ageMs = await ageFor(parts, ingest.key, 0)
    // Without an age nothing depends on the clock, as in the sweep itself.
    if (ageMs === 0 || ingest.changedMs <= nowMs - ageMs) removable += ingest.bytes
  }
  return { bytes, removable }
}

/** Removes the conversions in `directory` whose process has ended. */
async function removeOwnerless(directory: string, { signal }: AbortOptions): Promise<void> {
  for (const name of (await unlessMissing(disk.readdir(directory))) ?? []) {
    signal?.throwIfAborted()
    const one = path.join(directory, name)
    // One that is being made has no owner yet.
    if ((await unlessMissing(disk.lstat(scratchOwner(one)))) === undefined) continue
    const lock = await tryLockFile(scratchOwner(one)).catch((error: unknown) => {
      // It ended meanwhile.
      if (isFileError(error) && error.fault === 'no-directory') return undefined
      throw error
    })
    if (lock === undefined) continue
    await disk.rm(one, { recursive: true, force: true })
    lock.release()
  }
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
