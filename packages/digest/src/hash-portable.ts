import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

import type { StartHash } from './hash-function.ts'

/** Hashes in JavaScript, for browsers and edge workers. */
export const startHash: StartHash = (algorithm) => {
  const hash = algorithm === 'sha512' ? sha512.create() : sha256.create()
  return { update: (chunk) => void hash.update(chunk), hex: () => bytesToHex(hash.digest()) }
}
