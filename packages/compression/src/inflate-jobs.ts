import type { Digest, DigestAlgorithm } from '@drayage/digest'

import type { DecompressLimits } from './decompress.ts'
import type { Compression } from './detect-compression.ts'

/** What inflating found out about the uncompressed bytes. */
export interface InflateResult {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** The jobs of `inflate-worker`. */
export type InflateJobs = {
  readonly inflate: {
    readonly params: DecompressLimits & {
      readonly compression?: Compression | undefined
      readonly algorithm: DigestAlgorithm
    }
    readonly result: InflateResult
  }
}
