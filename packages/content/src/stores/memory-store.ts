import { type Digest, verify } from '@drayage/digest'
import { abortable, type ByteStream } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'
import { formatReference } from '@drayage/reference'

import { ContentNotFoundError, NameNotFoundError } from '../errors.ts'
import { assertIngestKey } from './ingest-key.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { openMemoryIngest } from './memory-ingest.ts'
import type { ContentStore, RangeOptions, Resolver, Tagger, Taker, Untagger } from '../ports.ts'
import { sizedFrom } from './sized-from.ts'

/** A content store that also keeps names. */
export interface MemoryStore extends ContentStore, Taker, Resolver, Tagger, Untagger {}

/** The size of the chunks that {@link createMemoryStore} yields: what a file or a socket gives, so that tests meet it. */
const CHUNK_BYTES = 65_536

async function* chunks(bytes: Uint8Array, offset: number): ByteStream {
  for (let at = offset; at < bytes.byteLength; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES)
}

/**
 * Creates a store that keeps content and names in memory, for tests and small tools. It holds every byte it was given
 * until `delete`; names are kept by their full text.
 */
export function createMemoryStore(): MemoryStore {
  const blobs = new Map<Digest, Uint8Array>()
  const partials = new Map<string, Uint8Array[]>()
  const names = new Map<string, Descriptor>()
  const lock = createKeyedLock()

  async function* fetch(what: Descriptor, options: RangeOptions = {}): ByteStream {
    const { offset = 0 } = options
    options.signal?.throwIfAborted()
    const bytes = blobs.get(what.digest)
    if (bytes === undefined) throw new ContentNotFoundError(what.digest)
    const source = abortable(chunks(bytes, offset), options)
    yield* offset === 0 && options.verify !== false ? verify(source, what) : sizedFrom(source, what.size, offset)
  }

  return {
    fetch,
    async has(what, options = {}) {
      options.signal?.throwIfAborted()
      return blobs.get(what.digest)?.byteLength === what.size
    },
    async begin(key, options = {}) {
      assertIngestKey(key)
      return openMemoryIngest({ key, blobs, partials, release: await lock.acquire(key, options) })
    },
    async delete(digest, options = {}) {
      options.signal?.throwIfAborted()
      return blobs.delete(digest)
    },
    take(digest) {
      const size = blobs.get(digest)?.byteLength
      blobs.delete(digest)
      return size
    },
    async freeTaken() {},
    async *list(options = {}) {
      for (const [digest, bytes] of blobs) {
        options.signal?.throwIfAborted()
        yield { digest, size: bytes.byteLength }
      }
    },
    async resolve(name, options = {}) {
      options.signal?.throwIfAborted()
      const what = names.get(formatReference(name))
      if (what === undefined) throw new NameNotFoundError(formatReference(name))
      return what
    },
    async tag(what, name, options = {}) {
      options.signal?.throwIfAborted()
      names.set(formatReference(name), what)
    },
    async untag(name, options = {}) {
      options.signal?.throwIfAborted()
      return names.delete(formatReference(name))
    },
  }
}
