import { join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { IngestKey } from '@drayage/content'
import { isDigest } from '@drayage/digest'
import { disk, unlessMissing } from '@drayage/files'

import { tryLockIngest } from './ingest-lock.ts'
import { blobDirectory, dataFile, ingestKeyOf, type Layout } from './layout.ts'
import { syncNames } from './prepare-directory.ts'

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

/** An ingest that was begun. */
export interface BegunIngest {
  readonly key: IngestKey
  /** What it holds, in bytes. */
  readonly bytes: number
  /** When it got the last of them, in milliseconds since 1970. */
  readonly changedMs: number
}

/** All ingests of a store, in no order, also those that somebody is at. */
export async function* listIngests(layout: Layout, { signal }: AbortOptions): AsyncGenerator<BegunIngest, void, void> {
  for (const name of (await unlessMissing(disk.readdir(layout.ingests))) ?? []) {
    signal?.throwIfAborted()
    const key = ingestKeyOf(name)
    const found = key === undefined ? undefined : await usage(join(layout.ingests, name))
    if (key !== undefined && found !== undefined) yield { key, ...found }
  }
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
    const ageMs = requireAge(await ageFor(key))
    // Without an age nothing depends on the clock.
    const removed = await sweepOne({ layout, key, directory, newestMs: ageMs === 0 ? Infinity : nowMs - ageMs })
    if (removed === undefined) continue
    ingests += 1
    bytes += removed
  }
  for (const name of (await unlessMissing(disk.readdir(layout.setAside))) ?? []) {
    signal?.throwIfAborted()
    const path = join(layout.setAside, name)
    const found = await unlessMissing(disk.lstat(path))
    if (found === undefined || (olderThanMs > 0 && found.ctimeMs > nowMs - olderThanMs)) continue
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

interface Candidate {
  readonly layout: Layout
  readonly key: IngestKey
  readonly directory: string
  readonly newestMs: number
}

/** Resolves to the bytes that the removed ingest held; `undefined` when it stays. */
async function sweepOne({ layout, key, directory, newestMs }: Candidate): Promise<number | undefined> {
  const before = await usage(directory)
  if (before === undefined || before.changedMs > newestMs) return undefined
  const lock = await tryLockIngest(directory)
  if (lock === undefined) return undefined
  try {
    const now = await usage(directory)
    if (now === undefined || now.bytes !== before.bytes) return undefined
    // Its commit may have been killed behind the rename; see `prepareDirectory`.
    if (!now.hasData && isDigest(key)) await syncNames(blobDirectory(layout, key))
    await lock.remove()
    return now.bytes
  } finally {
    lock.release()
  }
}

interface Usage {
  readonly bytes: number
  readonly changedMs: number
  readonly hasData: boolean
}

async function usage(directory: string): Promise<Usage | undefined> {
  const data = dataFile(directory)
  for (const path of [data, directory]) {
    const found = await unlessMissing(disk.lstat(path))
    if (found === undefined) continue
    return { bytes: found.isFile() ? found.size : 0, changedMs: found.mtimeMs, hasData: path === data }
  }
  return undefined
}
