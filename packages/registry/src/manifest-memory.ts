import type { Digest } from '@drayage/digest'

import { HELD_MANIFEST_BYTES } from './limits.ts'

/** Holds the bytes of manifests that were pushed, so that giving them a tag needs no fetching. */
export interface ManifestMemory {
  get(digest: Digest): Uint8Array | undefined
  set(digest: Digest, bytes: Uint8Array): void
}

/** Holds the manifests pushed last, up to `maxBytes` of them, 8 MiB by default. */
export function createManifestMemory(maxBytes: number = HELD_MANIFEST_BYTES): ManifestMemory {
  const held = new Map<Digest, Uint8Array>()
  let total = 0
  const remove = (digest: Digest): void => {
    total -= held.get(digest)?.byteLength ?? 0
    held.delete(digest)
  }
  return {
    get: (digest) => held.get(digest),
    set: (digest, bytes) => {
      remove(digest)
      held.set(digest, bytes)
      total += bytes.byteLength
      for (const [oldest] of held) {
        if (total <= maxBytes) break
        remove(oldest)
      }
    },
  }
}
