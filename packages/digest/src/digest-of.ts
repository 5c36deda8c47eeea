import { encodeText, type ByteStream } from '@drayage/bytes'

import type { Digest, DigestAlgorithm } from './digest.ts'
import { createHasher } from './hasher.ts'

/** The digest of `content`; text is hashed as UTF-8. The algorithm is sha256 by default. */
export function digestOf(content: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const hasher = createHasher(algorithm)
  hasher.update(typeof content === 'string' ? encodeText(content) : content)
  return hasher.digest()
}

/** Reads `source` to its end and returns its digest and its size in bytes. The algorithm is sha256 by default. */
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
