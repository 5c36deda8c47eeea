import { collect } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { manifestKind } from '@drayage/manifest'

import { MAX_HELD_MANIFEST_BYTES } from './defaults.ts'

/**
 * The source, from which each manifest is fetched once, as far as they fit in {@link MAX_HELD_MANIFEST_BYTES}: what is
 * read to choose is read again to copy. `made` are manifests that the source does not have.
 */
export function holdManifests(source: Fetcher, made: ReadonlyMap<Digest, Uint8Array> = new Map()): Fetcher {
  const held = new Map<Digest, Uint8Array>()
  let room = MAX_HELD_MANIFEST_BYTES
  return {
    async *fetch(what, options = {}) {
      const { offset = 0, signal } = options
      signal?.throwIfAborted()
      const known = made.get(what.digest) ?? held.get(what.digest)
      if (known?.byteLength === what.size) return yield known.subarray(offset)
      if (manifestKind(what.mediaType) === undefined || offset > 0 || what.size > room) {
        return yield* source.fetch(what, options)
      }
      // What is kept has to be right, whoever asks.
      room -= what.size
      try {
        const bytes = await collect(source.fetch(what, { signal }), { maxBytes: what.size, signal })
        held.set(what.digest, bytes)
        yield bytes
      } finally {
        if (!held.has(what.digest)) room += what.size
      }
    },
  }
}
