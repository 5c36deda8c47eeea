import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'

/** What became of an image: it was the same, was copied, or would be copied. */
export type SyncStatus = 'equal' | 'copied' | 'outdated'

/** What became of one image of a sync. */
export type SyncResult =
  | {
      /** The image, as the file names it with its tag. */
      readonly from: string
      readonly to: string
      readonly status: SyncStatus
      /** What the target stands for, or would: the digest of the source unless images of an index are chosen. */
      readonly digest: Digest
    }
  | {
      readonly from: string
      readonly to: string
      readonly status: 'failed'
      readonly error: unknown
    }

/** Options of `syncImages`. */
export interface SyncImagesOptions extends AbortOptions {
  /** Whether images are compared only, and nothing is copied; `false` by default. */
  readonly dryRun?: boolean
  /**
   * A file that remembers what choosing images of an index came to, so that the index is not fetched again to find that
   * nothing changed. It is created when it is missing; without it the index is fetched.
   */
  readonly stateFile?: string
  readonly onEvent?: OnEvent
}
