import type { Digest, DigestAlgorithm } from './digest.ts'
import { startHash } from '#hash'

/** Computes the digest of bytes that come in parts. */
export interface Hasher {
  /** Adds the next bytes. */
  update(chunk: Uint8Array): void
  /** The digest of all bytes so far; the hasher cannot be used afterwards. */
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
