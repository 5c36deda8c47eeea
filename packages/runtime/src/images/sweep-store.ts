import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'

import type { Runtime } from '../create-runtime.ts'
import type { LocalStore } from '../store/local-store.ts'
import { SCRATCH_DIRECTORY } from '../copy/open-conversion.ts'
import { sweepFileSessions, uploadsDirectory } from '../remote/upload-sessions.ts'

/** How long a broken-off download waits to be resumed, in milliseconds: a week. */
export const DEFAULT_INGEST_AGE_MS: number = 7 * 24 * 60 * 60 * 1000

/** How often pulls and removals sweep the store, in milliseconds: once a day, as long as a lease lasts. */
export const SWEEP_EVERY_MS: number = 24 * 60 * 60 * 1000

/** Options of {@link sweepStore}. */
export interface SweepStoreOptions extends AbortOptions {
  /** Downloads that got no bytes, and uploads that nobody went on with, for at least this long go; {@link DEFAULT_INGEST_AGE_MS} by default. */
  readonly olderThanMs?: number
}

/** What a sweep removed. */
export interface SweptStore {
  /** Broken-off downloads. */
  readonly ingests: number
  /** Content that no image, name or running pull needs. */
  readonly blobs: readonly Digest[]
  /** Bytes of both. */
  readonly bytes: number
}

/**
 * Removes from the local store what killed and failed commands left: downloads that nobody resumed, conversions, and
 * content that nothing refers to. What a command brought before it failed stays for a day.
 */
export async function sweepStore(runtime: Runtime, options: SweepStoreOptions = {}): Promise<SweptStore> {
  return await sweepLocalStore(await runtime.openStore(), options)
}

async function sweepLocalStore(
  { directory, content, leases }: LocalStore,
  { olderThanMs = DEFAULT_INGEST_AGE_MS, signal }: SweepStoreOptions,
): Promise<SweptStore> {
  await sweepFileSessions(uploadsDirectory(directory), { olderThanMs, signal })
  const { ingests, bytes } = await content.sweepIngests({ olderThanMs, signal })
  await sweepScratch(path.join(directory, SCRATCH_DIRECTORY), Date.now() - olderThanMs)
  const sizes = new Map<Digest, number>()
  for await (const { digest, size } of content.list({ signal })) sizes.set(digest, size)
  const blobs = await leases.sweep([...sizes.keys()], (digest) => content.delete(digest, { signal }))
  return { ingests, blobs, bytes: blobs.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), bytes) }
}

/** Removes what conversions left that were killed; no conversion lasts as long. */
async function sweepScratch(directory: string, bornBeforeMs: number): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names) {
    const one = path.join(directory, name)
    // One that has just ended is gone.
    const begun = await stat(one).catch(() => undefined)
    if (begun !== undefined && begun.mtimeMs <= bornBeforeMs) await rm(one, { recursive: true, force: true })
  }
}

/** Sweeps the store unless that was done in the last day. It is no part of what the user asked for: a failure is a warning. */
export async function sweepWhenDue(store: LocalStore, onEvent: OnEvent, nowMs: number = Date.now()): Promise<void> {
  const mark = path.join(store.directory, 'swept')
  try {
    const last = await stat(mark).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    )
    // A mark from the future is of a clock that was wrong.
    if (last !== undefined && last <= nowMs && nowMs - last < SWEEP_EVERY_MS) return
    // First, so that a sweep which fails is not tried by each command anew.
    await writeFile(mark, '', { mode: 0o600 })
    await sweepLocalStore(store, {})
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    onEvent({ type: 'warning', message: `Cannot sweep the store: ${why}` })
  }
}
