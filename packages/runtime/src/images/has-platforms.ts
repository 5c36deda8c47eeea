import type { AbortOptions } from '@drayage/bytes'
import { isDistributionError, pickImage } from '@drayage/distribution'
import { isIndexType, type Descriptor, type Platform } from '@drayage/manifest'

import type { Store } from '../store/store.ts'

/** Whether the images of an index that a pull for these platforms takes are here whole; anything else than an index is. */
export async function hasPlatforms(
  { content, images }: Pick<Store, 'content' | 'images'>,
  target: Descriptor,
  platforms: readonly Platform[],
  { signal }: AbortOptions,
): Promise<boolean> {
  if (!isIndexType(target.mediaType)) return true
  const picking = { name: target.digest, retry: { attempts: 1, stepMs: 0 }, onEvent: (): void => {}, signal }
  try {
    for (const platform of platforms) {
      const manifest = await pickImage(content, target, { ...picking, platform })
      if ((await images.findImage(manifest, { signal })) === undefined) return false
    }
    return true
  } catch (error) {
    signal?.throwIfAborted()
    // What the index does not have, or not here, is seen when it is brought.
    if (isDistributionError(error)) return false
    throw error
  }
}
