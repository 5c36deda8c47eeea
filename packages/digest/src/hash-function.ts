import type { DigestAlgorithm } from './digest.ts'

/** What a platform's hash offers; `#hash` picks the implementation by export condition. */
export interface PlatformHash {
  update(chunk: Uint8Array): void
  hex(): string
}

/** Starts a hash of the given algorithm. */
export type StartHash = (algorithm: DigestAlgorithm) => PlatformHash
