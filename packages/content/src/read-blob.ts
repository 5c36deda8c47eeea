import { type AbortOptions, ByteLimitError, collect } from '@drayage/bytes'
import { verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { inlineData } from './inline-data.ts'
import type { Fetcher } from './ports.ts'

/** The most bytes that {@link readBlob} keeps in memory by default: 4 MiB, the size up to which registries take manifests. */
export const DEFAULT_MAX_BLOB_BYTES: number = 4 * 1024 * 1024

/** Options of {@link readBlob}. */
export interface ReadBlobOptions extends AbortOptions {
  /** The most bytes to keep in memory; {@link DEFAULT_MAX_BLOB_BYTES} by default. */
  readonly maxBytes?: number
}

/**
 * Reads small content into memory, verified. Content that is inline in `what` is not fetched. Nothing is fetched when
 * `what` says that it is larger than `maxBytes`.
 *
 * @throws ByteLimitError `ERR_BYTE_LIMIT`
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function readBlob(source: Fetcher, what: Descriptor, options: ReadBlobOptions = {}): Promise<Uint8Array> {
  const { maxBytes = DEFAULT_MAX_BLOB_BYTES, signal } = options
  signal?.throwIfAborted()
  if (what.size > maxBytes) throw new ByteLimitError(maxBytes)
  const inline = inlineData(what)
  if (inline !== undefined) return inline
  return collect(verify(source.fetch(what, { signal, verify: false }), what), { maxBytes, signal })
}
