import { type AbortOptions, ByteLimitError, collect, fromBytes } from '@drayage/bytes'
import {
  digestAlgorithm,
  digestOf,
  DigestMismatchError,
  isDigestError,
  verify,
  verifyBytes,
  type Digest,
} from '@drayage/digest'
import { manifestKind, schema1Payload, type Descriptor } from '@drayage/manifest'

import { isContentError } from '../errors.ts'
import type { BlobState, Fetcher, Ingester } from '../ports.ts'

/** The most bytes that {@link readBlob} keeps in memory by default: 4 MiB, the size up to which registries take manifests. */
export const DEFAULT_MAX_BLOB_BYTES: number = 4 * 1024 * 1024

/** Options of {@link readBlob}. */
export interface ReadBlobOptions extends AbortOptions {
  /** The most bytes to keep in memory; {@link DEFAULT_MAX_BLOB_BYTES} by default. */
  readonly maxBytes?: number
}

/**
 * Reads small content into memory, verified. Content that is inline in `what` is not fetched. Nothing is fetched when
 * `what` says that it is larger than `maxBytes`. A schema 1 manifest is given as the source gives it, with its signatures.
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
  const content = source.fetch(what, { signal, verify: false })
  if (manifestKind(what.mediaType) !== 'schema1') return collect(verify(content, what), { maxBytes, signal })
  const bytes = await collect(content, { maxBytes, signal })
  verifyContent(bytes, what)
  return bytes
}

/**
 * Throws unless `bytes` are `what`. The digest of a signed schema 1 manifest is that of what was signed, and its size is said
 * in several ways.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export function verifyContent(bytes: Uint8Array, what: Descriptor): void {
  if (manifestKind(what.mediaType) !== 'schema1') return verifyBytes(bytes, what)
  const algorithm = digestAlgorithm(what.digest)
  const whole = digestOf(bytes, algorithm)
  if (whole === what.digest) return
  let signed: Digest
  try {
    signed = digestOf(schema1Payload(bytes), algorithm)
  } catch (cause) {
    throw new DigestMismatchError(whole, what.digest, { cause })
  }
  if (signed !== what.digest) throw new DigestMismatchError(signed, what.digest)
}

/**
 * Writes content that is in memory. It is verified before anything is written.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function writeBlob(
  sink: Ingester,
  what: Descriptor,
  bytes: Uint8Array,
  options: AbortOptions = {},
): Promise<'committed' | 'already-present'> {
  verifyBytes(bytes, what)
  await using ingest = await sink.begin(what.digest, options)
  if (ingest.offset > 0) await ingest.reset(options)
  await ingest.append(fromBytes(bytes), options)
  return await ingest.commit(what, options)
}

/** Reads content to its end, and returns whether it still matches `what`. */
export async function verifyBlob(source: Fetcher, what: Descriptor, options: AbortOptions = {}): Promise<BlobState> {
  try {
    for await (const _ of source.fetch(what, options));
    return 'intact'
  } catch (error) {
    if (isDigestError(error)) return 'corrupt'
    if (isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND') return 'missing'
    throw error
  }
}

/**
 * The content that `what` carries in itself, verified; `undefined` when it carries none, or what it carries is not the
 * content that it names.
 *
 * @see OCI image-spec v1.1.1, descriptor.md, "data"
 */
function inlineData(what: Descriptor): Uint8Array | undefined {
  const { data } = what
  // The length is compared first, so that a long text is never decoded.
  if (data === undefined || data.length !== Math.ceil(what.size / 3) * 4) return undefined
  try {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
    verifyBytes(bytes, what)
    return bytes
  } catch (error) {
    if (isDigestError(error) || error instanceof DOMException) return undefined
    throw error
  }
}
