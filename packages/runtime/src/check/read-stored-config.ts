import type { AbortOptions } from '@drayage/bytes'
import { isContentError } from '@drayage/content'
import { isStoreError } from '@drayage/content-fs'
import { isDigestError } from '@drayage/digest'
import { isUnreadable } from '@drayage/files'
import type { ConfigReader, PlatformImage } from '@drayage/image-store'
import { isManifestError, type DecodedImageConfig } from '@drayage/manifest'

import { ImageDamagedError } from '../errors.ts'
import type { ShownImage } from '../images/shown-image.ts'

/** What can be wrong with stored content: it is not there, is other bytes than it should be, or the disk fails to read it. */
export type ContentDamage = 'missing' | 'damaged' | 'unreadable'

/** What the failure to read stored content says of that content; `undefined` for a failure of something else. */
export function damageOf(error: unknown): ContentDamage | undefined {
  if (isContentError(error)) return error.code === 'ERR_CONTENT_NOT_FOUND' ? 'missing' : undefined
  if (isDigestError(error) || isManifestError(error)) return 'damaged'
  return isUnreadable(error) || (isStoreError(error) && error.code === 'ERR_STORE_IO') ? 'unreadable' : undefined
}

/**
 * The config of an image that users asked for.
 *
 * @throws ImageDamagedError `ERR_IMAGE_DAMAGED` where it is lost or no longer what came
 */
export async function readStoredConfig(
  { images }: { readonly images: ConfigReader },
  { image, platform }: { readonly image: Pick<ShownImage, 'id' | 'repoTags'>; readonly platform: PlatformImage },
  options: AbortOptions,
): Promise<DecodedImageConfig> {
  try {
    return await images.readConfig(platform, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const damage = damageOf(error)
    if (damage === undefined) throw error
    const found = `its config ${platform.config.digest} is ${damage} in the store`
    throw new ImageDamagedError(image.repoTags[0] ?? image.id, found, { cause: error })
  }
}
