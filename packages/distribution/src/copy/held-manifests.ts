import { collect, type ByteStream } from '@drayage/bytes'
import type { Fetcher, RangeOptions } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { manifestKind, MAX_MANIFEST_BYTES, type Descriptor } from '@drayage/manifest'

import { MAX_HELD_MANIFEST_BYTES } from '../defaults.ts'

/**
 * The source, from which each manifest is fetched once, as far as they fit in {@link MAX_HELD_MANIFEST_BYTES}: what is
 * read to choose is read again to copy. `made` are manifests that the source does not have.
 */
export function holdManifests(source: Fetcher, made: ReadonlyMap<Digest, Uint8Array> = new Map()): Fetcher {
  const held = new Map<Digest, Uint8Array>()
  let room = MAX_HELD_MANIFEST_BYTES
  async function* manifest(what: Descriptor, options: RangeOptions): ByteStream {
    const { offset = 0, signal } = options
    signal?.throwIfAborted()
    const known = made.get(what.digest) ?? held.get(what.digest)
    const isSchema1 = manifestKind(what.mediaType) === 'schema1'
    if (known !== undefined && (isSchema1 || known.byteLength === what.size)) return yield known.subarray(offset)
    // Its signatures make it larger than it says.
    const weight = isSchema1 ? MAX_MANIFEST_BYTES : what.size
    if (offset > 0 || weight > room) return yield* source.fetch(what, options)
    // What is kept has to be right, whatever its reader checks.
    room -= weight
    try {
      const bytes = await collect(source.fetch(what, { signal }), { maxBytes: weight, signal })
      held.set(what.digest, bytes)
      room += weight - bytes.byteLength
      yield bytes
    } finally {
      if (!held.has(what.digest)) room += weight
    }
  }
  return {
    fetch(what, options = {}) {
      const isHeld = manifestKind(what.mediaType) !== undefined || made.has(what.digest)
      return isHeld ? manifest(what, options) : source.fetch(what, options)
    },
  }
}
