import type { ByteStream } from '@drayage/bytes'

import { digestAlgorithm, type Digest } from './digest.ts'
import { digestOf } from './hasher.ts'
import { DigestMismatchError, LongContentError, ShortContentError } from './errors.ts'
import { createHasher } from './hasher.ts'

/** The digest and the size in bytes that content must have. */
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
 * Yields what `source` yields and throws at its end unless size and digest are as expected. The last array is held back until
 * then, so that nobody gets the expected number of wrong bytes; bytes past the expected size are never yielded. Content is
 * verified only for a consumer that reads to the end.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { collect, fromBytes } from '@drayage/bytes'
 * import { digestOf, isDigestError, verify } from '@drayage/digest'
 *
 * const expected = { digest: digestOf('cargo'), size: 5 }
 * assert.equal((await collect(verify(fromBytes('cargo'), expected), { maxBytes: 5 })).byteLength, 5)
 * await assert.rejects(collect(verify(fromBytes('cards'), expected), { maxBytes: 5 }), isDigestError)
 * ```
 */
export async function* verify(source: ByteStream, expected: ExpectedContent): ByteStream {
  const hasher = createHasher(digestAlgorithm(expected.digest))
  let size = 0
  let actual: Digest | undefined
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > expected.size) throw new LongContentError(expected.size)
    if (actual === undefined) hasher.update(chunk)
    if (size === expected.size) {
      actual ??= hasher.digest()
      if (actual !== expected.digest) break
    }
    yield chunk
  }
  if (size < expected.size) throw new ShortContentError(size, expected.size)
  actual ??= hasher.digest()
  if (actual !== expected.digest) throw new DigestMismatchError(actual, expected.digest)
}
