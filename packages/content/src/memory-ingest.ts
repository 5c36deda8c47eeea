import { abortable, type AbortOptions, type ByteStream, concat } from '@drayage/bytes'
import { type Digest, isDigestError, verifyBytes } from '@drayage/digest'

import { IngestClosedError } from './errors.ts'
import { createGrowth, type Growth } from './growth.ts'
import type { Followable, Ingest } from './ports.ts'

/** What an ingest of the memory store works on. */
export interface MemoryIngestParts {
  readonly key: string
  readonly blobs: Map<Digest, Uint8Array>
  readonly partials: Map<string, Uint8Array[]>
  readonly release: () => void
}

/** The bytes of `parts` as they grow. */
async function* followParts(parts: readonly Uint8Array[], growth: Growth, options: AbortOptions): ByteStream {
  let offset = 0
  for (let index = 0; ;) {
    const { bytes } = await growth.beyond(offset, options)
    if (bytes <= offset) return
    for (let part = parts[index]; part !== undefined && offset < bytes; part = parts[++index]) {
      offset += part.byteLength
      yield part.slice()
    }
  }
}

/** Opens the ingest of a key that the caller holds; `release` is called once, when the ingest ends. */
export function openMemoryIngest({ key, blobs, partials, release }: MemoryIngestParts): Ingest & Followable {
  let parts = partials.get(key) ?? []
  let growth = createGrowth(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let open = true

  const assertOpen = (): void => {
    if (!open) throw new IngestClosedError(key)
  }
  const drop = (): void => {
    growth.fail(new IngestClosedError(key))
    parts = []
    growth = createGrowth(0)
    partials.delete(key)
  }
  const close = (): void => {
    open = false
    growth.fail(new IngestClosedError(key))
    release()
  }

  return {
    get offset() {
      return growth.bytes
    },
    async append(source, options = {}) {
      assertOpen()
      for await (const chunk of abortable(source, options)) {
        parts.push(chunk.slice())
        partials.set(key, parts)
        growth.advance(growth.bytes + chunk.byteLength)
      }
    },
    async commit(expected, options = {}) {
      options.signal?.throwIfAborted()
      const isPresent = blobs.get(expected.digest)?.byteLength === expected.size
      if (!open && !isPresent) throw new IngestClosedError(key)
      if (isPresent && (!open || growth.bytes < expected.size)) {
        if (open) {
          drop()
          close()
        }
        return 'already-present'
      }
      const bytes = concat(parts)
      try {
        verifyBytes(bytes, expected)
      } catch (error) {
        if (!isDigestError(error) || error.code !== 'ERR_CONTENT_SHORT') drop()
        throw error
      }
      blobs.set(expected.digest, bytes)
      growth.finish()
      drop()
      close()
      return isPresent ? 'already-present' : 'committed'
    },
    async reset(options = {}) {
      options.signal?.throwIfAborted()
      assertOpen()
      drop()
    },
    follow(options = {}) {
      assertOpen()
      return followParts(parts, growth, options)
    },
    async [Symbol.asyncDispose]() {
      if (open) close()
    },
  }
}
