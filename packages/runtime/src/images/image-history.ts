import type { AbortOptions } from '@drayage/bytes'

import type { Runtime } from '../create-runtime.ts'
import { unixSeconds } from './unix-seconds.ts'
import { uncompressedSizes } from './uncompressed-size.ts'

/** A step of an image's history, with the field names of Docker's Engine API (`GET /images/{name}/history`). */
export interface HistoryItem {
  /** The image's ID for the last step; `<missing>` for the others. */
  readonly Id: string
  /** In seconds since 1970; 0 when it is not known. */
  readonly Created: number
  readonly CreatedBy: string
  /** Of the image, at its last step; `null` for the others and for an image without a tag. */
  readonly Tags: readonly string[] | null
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
    Created: unixSeconds(entry.created),
    CreatedBy: entry.created_by ?? '',
    Tags: null,
    Size: entry.empty_layer === true ? 0 : (sizes[layer++] ?? 0),
    Comment: entry.comment ?? '',
  }))
  const tags = image.repoTags.length === 0 ? null : image.repoTags
  return steps.toReversed().map((step, position) => (position === 0 ? { ...step, Id: image.id, Tags: tags } : step))
}
