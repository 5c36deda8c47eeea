import { createHasher, type Digest, type DigestAlgorithm } from '@drayage/digest'

/** The hash of the first bytes of some content. */
export interface RunningHash {
  /** How many bytes it has taken. */
  readonly bytes: number
  update(block: Uint8Array): void
  /** The digest of what it has taken; the last call. */
  digest(): Digest
}

/** Creates the hash of no bytes. */
export function createRunningHash(algorithm: DigestAlgorithm): RunningHash {
  const hasher = createHasher(algorithm)
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    update(block) {
      hasher.update(block)
      bytes += block.byteLength
    },
    digest: () => hasher.digest(),
  }
}
