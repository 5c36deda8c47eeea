import type { FileHandle } from 'node:fs/promises'

import { createLruMap } from '@drayage/bytes'
import { createHasher, type Digest, type DigestAlgorithm } from '@drayage/digest'

/** The most hashes that a store keeps. */
const MAX_KEPT_HASHES = 64

/** The hash of the first bytes of some content. */
export interface ContentHash {
  /** How many bytes it has taken. */
  readonly bytes: number
  update(block: Uint8Array): void
  /** The digest of what it has taken; the last call. */
  digest(): Digest
}

/** Creates the hash of no bytes. */
export function createContentHash(algorithm: DigestAlgorithm): ContentHash {
  const hasher = createHasher(algorithm)
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    update(block) {
      hasher.update(block)
      bytes += block.byteLength
    },
    digest: () => hasher.digest(),
  }
}

/** The hashes of ingests that were put down, so that the next holder in the same process need not read them again. */
export interface KeptHashes {
  /** Keeps the hash of all that is in the file of an ingest; the oldest of too many goes. */
  keep(key: string, handle: FileHandle, hash: ContentHash): Promise<void>
  /** Gives the hash away when the file is the one that was put down and has not been touched since. */
  take(key: string, handle: FileHandle): Promise<ContentHash | undefined>
}

/** Keeps at most `maxEntries` hashes, 64 by default. */
export function createKeptHashes(maxEntries: number = MAX_KEPT_HASHES): KeptHashes {
  const kept = createLruMap<string, { readonly state: string; readonly hash: ContentHash }>({ maxEntries })
  return {
    async keep(key, handle, hash) {
      kept.set(key, { state: await stateOf(handle), hash })
    },
    async take(key, handle) {
      const found = kept.delete(key)
      return found !== undefined && found.state === (await stateOf(handle)) ? found.hash : undefined
    },
  }
}

/** Which file it is and when it last changed: another process may have continued or restarted it. */
export async function stateOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
