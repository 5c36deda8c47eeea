import type { AbortOptions } from '@drayage/bytes'

import type { StoreAccess } from '../runtime.ts'
import { listImages, type ImageSummary } from './list-images.ts'
import { storedBytes } from './prune-images.ts'
import type { ImageView } from './shown-image.ts'

/** What a store takes, with the field names of Docker's Engine API (`GET /system/df`). */
export interface DiskUsage {
  /** Bytes on the disk: layers are kept compressed, as they came. */
  readonly LayersSize: number
  /** With `SharedSize` and `Containers`, which is 0; sizes are bytes on the disk, of all platforms that are here. */
  readonly Images: readonly ImageSummary[]
}

/** What the local store takes on the disk, and of each image which bytes it shares with others. */
export async function diskUsage(runtime: StoreAccess & ImageView, options: AbortOptions = {}): Promise<DiskUsage> {
  const images = await listImages(runtime, { ...options, sharedSize: true, sizeOf: 'content' })
  return {
    LayersSize: await storedBytes(runtime, options),
    Images: images.map((image) => ({ ...image, Containers: 0 })),
  }
}
