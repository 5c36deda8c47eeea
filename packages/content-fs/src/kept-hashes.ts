import type { FileHandle } from 'node:fs/promises'

import type { RunningHash } from './running-hash.ts'

/** The most hashes that a store keeps. */
const MAX_KEPT_HASHES = 64

/**
 * The hashes of ingests that were put down, so that who goes on with one in the same process need not read all of it
 * again.
 */
export interface KeptHashes {
  /** Keeps the hash of all that is in the file of an ingest; the oldest of too many goes. */
  keep(key: string, handle: FileHandle, hash: RunningHash): Promise<void>
  /** Gives the hash away when the file is the one that was put down and has not been touched since. */
  take(key: string, handle: FileHandle): Promise<RunningHash | undefined>
}

/** Keeps at most `most` hashes, 64 by default. */
export function createKeptHashes(most: number = MAX_KEPT_HASHES): KeptHashes {
  const kept = new Map<string, { readonly state: string; readonly hash: RunningHash }>()
  return {
    async keep(key, handle, hash) {
      const state = await stateOf(handle)
      kept.delete(key)
      kept.set(key, { state, hash })
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break
        kept.delete(oldest)
      }
    },
    async take(key, handle) {
      const found = kept.get(key)
      kept.delete(key)
      return found !== undefined && found.state === (await stateOf(handle)) ? found.hash : undefined
    },
  }
}

/** Which file it is and when it last changed: another process may have gone on with it, or begun it anew. */
async function stateOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
