import { join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { IngestKey } from '@drayage/content'
import { disk, unlessMissing } from '@drayage/files'

import { tryLockIngest } from './ingest-lock.ts'
import { dataFile, ingestKeyOf, type Layout } from './layout.ts'

/** Options of a sweep. */
export interface SweepOptions extends AbortOptions {
  /** Ingests that got no bytes for at least this long are removed. */
  readonly olderThanMs: number
  /** How long that is for an ingest of its own; `olderThanMs` by default. */
  readonly ageFor?: (key: IngestKey) => Promise<number>
}

/** What a sweep removed. */
export interface SweepResult {
  /** Ingests removed. */
  readonly ingests: number
  /** Bytes that they and damaged content held. */
  readonly bytes: number
}

/**
 * Removes the free ingests that got no bytes since `olderThanMs` before `nowMs`, and damaged content that was set aside before
 * that, and empties the trash.
 */
export async function sweepIngests(layout: Layout, nowMs: number, options: SweepOptions): Promise<SweepResult> {
  const { olderThanMs, ageFor = async () => olderThanMs, signal } = options
  requireAge(olderThanMs)
  let ingests = 0
  let bytes = 0
  for (const name of await disk.readdir(layout.ingests)) {
    signal?.throwIfAborted()
    const key = ingestKeyOf(name)
    if (key === undefined) continue
    const directory = join(layout.ingests, name)
    const removed = await sweepOne(directory, nowMs - requireAge(await ageFor(key)))
    if (removed === undefined) continue
    ingests += 1
    bytes += removed
  }
  for (const name of (await unlessMissing(disk.readdir(layout.setAside))) ?? []) {
    signal?.throwIfAborted()
    const path = join(layout.setAside, name)
    const found = await unlessMissing(disk.lstat(path))
    if (found === undefined || found.ctimeMs > nowMs - olderThanMs) continue
    await disk.rm(path, { recursive: true, force: true })
    bytes += found.size
  }
  for (const name of await disk.readdir(layout.trash)) {
    signal?.throwIfAborted()
    await disk.rm(join(layout.trash, name), { recursive: true, force: true })
  }
  return { ingests, bytes }
}

function requireAge(ageMs: number): number {
  if (ageMs >= 0) return ageMs
  throw new RangeError(`Cannot sweep ingests: olderThanMs is ${ageMs}, expected a number from 0 on`)
}

/** Resolves to the bytes that the removed ingest held; `undefined` when it stays. */
async function sweepOne(directory: string, newestMs: number): Promise<number | undefined> {
  const before = await usage(directory)
  if (before === undefined || before.changedMs > newestMs) return undefined
  const lock = await tryLockIngest(directory)
  if (lock === undefined) return undefined
  try {
    const now = await usage(directory)
    if (now === undefined || now.bytes !== before.bytes) return undefined
    await lock.remove()
    return now.bytes
  } finally {
    lock.release()
  }
}

async function usage(directory: string): Promise<{ readonly bytes: number; readonly changedMs: number } | undefined> {
  for (const path of [dataFile(directory), directory]) {
    const found = await unlessMissing(disk.lstat(path))
    if (found !== undefined) return { bytes: found.isFile() ? found.size : 0, changedMs: found.mtimeMs }
  }
  return undefined
}
