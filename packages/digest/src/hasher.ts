import { startHash } from '#hash'
import { type ByteStream, encodeText } from '@drayage/bytes'

import type { Digest, DigestAlgorithm } from './digest.ts'

/** Computes the digest of bytes that arrive in parts. */
export interface Hasher {
  /** Adds the next bytes. */
  update(chunk: Uint8Array): void
  /** The digest of all bytes so far; ends the hasher. */
  digest(): Digest
}

/**
 * Starts hashing.
 *
 * @param algorithm sha256 by default
 */
export function createHasher(algorithm: DigestAlgorithm = 'sha256'): Hasher {
  const hash = startHash(algorithm)
  return {
    update: (chunk) => hash.update(chunk),
    digest: () => `${algorithm}:${hash.hex()}` as Digest,
  }
}

/** The digest of `content`; text is hashed as UTF-8. The algorithm is sha256 by default. */
export function digestOf(content: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const hasher = createHasher(algorithm)
  hasher.update(typeof content === 'string' ? encodeText(content) : content)
  return hasher.digest()
}

/**
 * Reads `source` to its end and returns its digest and its size in bytes. The algorithm is sha256 by default.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { fromBytes } from '@drayage/bytes'
 * import { digestOfStream } from '@drayage/digest'
 *
 * const { digest, size } = await digestOfStream(fromBytes('{}'))
 * assert.equal(size, 2)
 * assert.equal(digest, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
 * ```
 */
export async function digestOfStream(
  source: ByteStream,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const hasher = createHasher(algorithm)
  let size = 0
  for await (const chunk of source) {
    hasher.update(chunk)
    size += chunk.byteLength
  }
  return { digest: hasher.digest(), size }
}
