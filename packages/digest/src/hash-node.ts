import { createHash } from 'node:crypto'

import type { StartHash } from './hash-function.ts'

/** Hashes with OpenSSL. */
export const startHash: StartHash = (algorithm) => {
  const hash = createHash(algorithm)
  return { update: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex') }
}
