import type { DigestAlgorithm } from '@drayage/digest'

import type { DecompressLimits } from './decompress.ts'
import type { Compression } from './detect-compression.ts'
import type { InflateResult } from './inflate-jobs.ts'

/** A compression that layers can be given. */
export type TargetCompression = 'gzip' | 'zstd'

/** What compressing found out about the compressed bytes, and about what went into them. */
export interface CompressResult extends InflateResult {
  readonly uncompressed: InflateResult
}

/** The jobs of `compress-worker`. */
export type CompressJobs = {
  readonly compress: {
    readonly params: {
      readonly compression: TargetCompression
      readonly level: number
      /** Blocks that are compressed at a time. */
      readonly parallel: number
      readonly algorithm: DigestAlgorithm
      /** How the input is inflated before; not at all by default. */
      readonly inflate?: (DecompressLimits & { readonly compression?: Compression | undefined }) | undefined
    }
    readonly result: CompressResult
  }
}
