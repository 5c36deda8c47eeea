import type { Digest, DigestAlgorithm } from '@drayage/digest'

/** Why a tar cannot be indexed. */
export interface TarFault {
  readonly found: string
  readonly offset: number
}

/** What measuring a layer finds out. */
export interface MeasureResult {
  readonly digest: Digest
  readonly size: number
  readonly entryCount: number
  readonly fault: TarFault | undefined
}

/** The jobs of `measure-worker`. */
export type MeasureJobs = {
  readonly measure: {
    readonly params: {
      readonly algorithm: DigestAlgorithm
      /** Where to write the index; the file must not exist. */
      readonly indexPath: string
      readonly maxBytes: number | undefined
      readonly maxRatio: number | undefined
    }
    readonly result: MeasureResult
  }
}
