import type { AbortOptions } from '@drayage/bytes'
import { isImageStoreError, type ImageRecord } from '@drayage/image-store'
import type { DecodedImageConfig } from '@drayage/manifest'

import type { LocalStore } from '../store/local-store.ts'

/** The config of an image of a list; nothing when the image was removed since the list was made. */
export async function configOf(
  { images }: LocalStore,
  image: ImageRecord,
  options: AbortOptions = {},
): Promise<DecodedImageConfig | undefined> {
  try {
    return await images.readConfig(image, options)
  } catch (error) {
    if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return undefined
    throw error
  }
}
