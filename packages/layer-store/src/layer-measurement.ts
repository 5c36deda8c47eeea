import type { DiffId } from '@drayage/digest'

import type { TarFault } from './measure-jobs.ts'

/** What is known about a layer after its blob was read once. */
export interface LayerMeasurement {
  readonly diffId: DiffId
  /** Size of the uncompressed tar in bytes. */
  readonly size: number
  readonly entryCount: number
  /** The written index, of use only to the store that wrote it. */
  readonly indexFile: string
  /** Why the tar cannot be used, though it was hashed; registering it fails. */
  readonly fault?: TarFault
}
