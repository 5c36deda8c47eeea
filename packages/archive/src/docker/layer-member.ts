import type { AbortOptions, ByteStream } from '@drayage/bytes'
import {
  createHasher,
  digestAlgorithm,
  digestHex,
  DigestMismatchError,
  type DiffId,
  LongContentError,
  ShortContentError,
} from '@drayage/digest'

import type { Member } from '../output/members.ts'

/** A layer on its way into an archive. */
export interface ArchiveLayer {
  readonly diffId: DiffId
  /** In bytes, of the uncompressed tar, where it is known: layers of known size are written side by side. */
  readonly size?: number | undefined
  /**
   * What the size probably is, where it is not known, such as the one in the trailer of a gzip file. A right one makes an
   * archive in a file as fast as a known size; a wrong one costs time and nothing else.
   */
  readonly sizeHint?: number | undefined
  /** Whether the stream itself throws unless its bytes have the DiffID, so that they are not hashed again; `false` by default. */
  readonly isVerified?: boolean | undefined
  /** Opens the uncompressed tar; called once, and only when the layer is not in the archive yet. */
  open(options: AbortOptions): ByteStream
}

/** The name of a layer in a docker-archive. */
export function layerName(diffId: DiffId): string {
  return `${digestHex(diffId)}.tar`
}

/**
 * The member for a layer; it fails unless the bytes have the layer's size and DiffID.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT` from the writing
 * @throws LongContentError `ERR_CONTENT_LONG` from the writing
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` from the writing
 */
export function layerMember(layer: ArchiveLayer): Member {
  const { diffId, size, sizeHint } = layer
  const hasher = layer.isVerified === true ? undefined : createHasher(digestAlgorithm(diffId))
  return {
    name: layerName(diffId),
    size,
    sizeHint,
    open: (options) => atMost(layer.open(options), size),
    onBlock: hasher === undefined ? undefined : (block) => hasher.update(block),
    check(bytes) {
      if (size !== undefined && bytes < size) throw new ShortContentError(bytes, size)
      const actual = hasher?.digest()
      if (actual !== undefined && (actual as string) !== diffId) throw new DigestMismatchError(actual, diffId)
    },
  }
}

/** Yields what `source` yields and throws before a byte after `size`, which would belong to another member. */
async function* atMost(source: ByteStream, size: number | undefined): ByteStream {
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    if (size !== undefined && total > size) throw new LongContentError(size)
    yield chunk
  }
}
