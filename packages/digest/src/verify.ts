import type { ByteStream } from '@drayage/bytes'

import { digestAlgorithm, type Digest } from './digest.ts'
import { digestOf } from './digest-of.ts'
import { DigestMismatchError, LongContentError, ShortContentError } from './errors.ts'
import { createHasher } from './hasher.ts'

/** What content must be: its digest and its size in bytes. */
export interface ExpectedContent {
  readonly digest: Digest
  readonly size: number
}

/**
 * Checks bytes that are in memory.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export function verifyBytes(bytes: Uint8Array, expected: ExpectedContent): void {
  if (bytes.byteLength < expected.size) throw new ShortContentError(bytes.byteLength, expected.size)
  if (bytes.byteLength > expected.size) throw new LongContentError(expected.size)
  const actual = digestOf(bytes, digestAlgorithm(expected.digest))
  if (actual !== expected.digest) throw new DigestMismatchError(actual, expected.digest)
}

/**
 * Yields what `source` yields and, at its end, throws unless size and digest are as expected. Bytes past the expected
 * size are never yielded. Only a consumer that reads to the end has verified content.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function* verify(source: ByteStream, expected: ExpectedContent): ByteStream {
  const hasher = createHasher(digestAlgorithm(expected.digest))
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > expected.size) throw new LongContentError(expected.size)
    hasher.update(chunk)
    yield chunk
  }
  if (size < expected.size) throw new ShortContentError(size, expected.size)
  const actual = hasher.digest()
  if (actual !== expected.digest) throw new DigestMismatchError(actual, expected.digest)
}
