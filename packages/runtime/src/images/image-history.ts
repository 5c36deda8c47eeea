import { readStoredConfig } from '../check/read-stored-config.ts'
import type { StoreAccess } from '../runtime.ts'
import { findStoredImage, type FindStoredOptions } from './find-stored-image.ts'
import { unixSeconds, uncompressedSizes } from './image-facts.ts'
import type { ImageView } from './shown-image.ts'

/** A step of an image's history, with the field names of Docker's Engine API (`GET /images/{name}/history`). */
export interface HistoryItem {
  /** The image's ID for the last step; `<missing>` for the others. */
  readonly Id: string
  /** In seconds since 1970; -62135596800, the start of the year 1, when it is not known, as Docker has it. */
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
 * @throws ImageDamagedError `ERR_IMAGE_DAMAGED` where its config is lost or is no longer what came
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for a name of something else
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function imageHistory(
  runtime: StoreAccess & ImageView,
  name: string,
  options: FindStoredOptions = {},
): Promise<HistoryItem[]> {
  const store = await runtime.openStore()
  const { image, platform } = await findStoredImage(runtime, store, name, options)
  const { value } = await readStoredConfig(store, { image, platform }, options)
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
