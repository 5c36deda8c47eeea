import type { AbortOptions } from '@drayage/bytes'

import type { Runtime } from './create-runtime.ts'
import { uncompressedSizes } from './uncompressed-size.ts'

/** A step of an image's history, with the field names of Docker's Engine API (`GET /images/{name}/history`). */
export interface HistoryItem {
  /** The image's ID for the last step; `<missing>` for the others. */
  readonly Id: string
  /** In seconds since 1970; 0 when it is not known. */
  readonly Created: number
  readonly CreatedBy: string
  readonly Tags: readonly string[]
  /** Bytes of the uncompressed layer. */
  readonly Size: number
  readonly Comment: string
}

/**
 * How an image of the local store was made, the last step first.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export async function imageHistory(runtime: Runtime, name: string, options: AbortOptions = {}): Promise<HistoryItem[]> {
  const store = await runtime.openStore()
  const image = await store.images.find(name, options)
  const { value } = await store.images.readConfig(image, options)
  const sizes = await uncompressedSizes(store, value.rootfs?.diff_ids ?? [])
  let layer = 0
  const steps = (value.history ?? []).map((entry) => ({
    Id: '<missing>',
    Created: Math.max(0, Math.floor((Date.parse(entry.created ?? '') || 0) / 1000)),
    CreatedBy: entry.created_by ?? '',
    Tags: [],
    Size: entry.empty_layer === true ? 0 : (sizes[layer++] ?? 0),
    Comment: entry.comment ?? '',
  }))
  return steps.toReversed().map((step, position) => (position === 0 ? { ...step, Id: image.id, Tags: image.repoTags } : step))
}
