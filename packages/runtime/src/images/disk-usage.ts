import type { AbortOptions } from '@drayage/bytes'

import type { Runtime } from '../create-runtime.ts'
import { listImages, type ImageSummary } from './list-images.ts'
import { storedBytes } from './prune-images.ts'

/** What a store takes, with the field names of Docker's Engine API (`GET /system/df`). */
export interface DiskUsage {
  /** Bytes on the disk: layers are kept compressed, as they came. */
  readonly LayersSize: number
  /** With `SharedSize` and `Containers`, which is 0. */
  readonly Images: readonly ImageSummary[]
}

/** What the local store takes on the disk, and of each image which bytes it shares with others. */
export async function diskUsage(runtime: Runtime, options: AbortOptions = {}): Promise<DiskUsage> {
  const images = await listImages(runtime, { ...options, sharedSize: true })
  return {
    LayersSize: await storedBytes(runtime, options),
    Images: images.map((image) => ({ ...image, Containers: 0 })),
  }
}
