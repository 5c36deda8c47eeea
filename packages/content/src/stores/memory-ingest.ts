import { abortable, type AbortOptions, type ByteStream, concat } from '@drayage/bytes'
import { type Digest, digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { createIngest, type IngestBytes } from './create-ingest.ts'
import { IngestClosedError } from '../errors.ts'
import { createGrowth, type Growth } from './growth.ts'
import type { Followable, Ingest } from '../ports.ts'

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
  let isEnded = false

  const drop = async (): Promise<void> => {
    growth.fail(new IngestClosedError(key))
    parts = []
    growth = createGrowth(0)
    partials.delete(key)
  }
  const putDown = async (): Promise<void> => {
    isEnded = true
    growth.fail(new IngestClosedError(key))
  }
  const bytes: IngestBytes = {
    get size() {
      return growth.bytes
    },
    async append(source, options) {
      for await (const chunk of abortable(source, options)) {
        parts.push(chunk.slice())
        partials.set(key, parts)
        growth.advance(growth.bytes + chunk.byteLength)
      }
    },
    digest: async (algorithm) => digestOf(concat(parts), algorithm),
    drop,
    async publish({ digest }) {
      blobs.set(digest, concat(parts))
      growth.finish()
    },
    async end() {
      await drop()
      await putDown()
    },
    putDown,
  }
  const has = (what: Descriptor): boolean => blobs.get(what.digest)?.byteLength === what.size
  return Object.assign(createIngest({ key, bytes, has, release }), {
    follow(options: AbortOptions = {}): ByteStream {
      if (isEnded) throw new IngestClosedError(key)
      return followParts(parts, growth, options)
    },
  })
}
