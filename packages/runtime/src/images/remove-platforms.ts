import type { Digest } from '@drayage/digest'
import type { PlatformImage } from '@drayage/image-store'
import { formatPlatform, type Platform } from '@drayage/manifest'

import { PlatformConflictError } from '../errors.ts'
import type { StoreAccess } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { findStored, missingPlatform } from './find-stored-image.ts'
import type { RemovedItem, RemoveImageOptions } from './remove-image.ts'
import { sweepRemoved, takeOut } from './take-out.ts'
import { exactFor, keeps, type ImageView } from './shown-image.ts'

/**
 * Takes the images of some platforms out of what a name stands for, with the attestations that belong to them. The name,
 * and all other names of it, stay, and so do the other platforms.
 *
 * @param name a reference, an ID or the start of one
 * @returns a line for the manifest of each image that went
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` for a platform that is not here
 * @throws PlatformConflictError `ERR_PLATFORM_CONFLICT` unless it is forced
 */
export async function removePlatforms(
  runtime: StoreAccess & ImageView,
  name: string,
  platforms: readonly Platform[],
  options: RemoveImageOptions = {},
): Promise<RemovedItem[]> {
  const { force = false, signal } = options
  const store = await runtime.openStore()
  const { removed, unneeded } = await removeFrom(runtime, store, name, { platforms, force, signal })
  await sweepRemoved(store, unneeded, options)
  return removed.map(({ manifest }) => ({ Deleted: manifest.digest }))
}

interface PlatformRemoval {
  readonly platforms: readonly Platform[]
  readonly force: boolean
  readonly signal: AbortSignal | undefined
}

async function removeFrom(
  view: ImageView,
  store: Store,
  text: string,
  { platforms, force, signal }: PlatformRemoval,
): Promise<{ readonly removed: readonly PlatformImage[]; readonly unneeded: readonly Digest[] }> {
  await using _lock = await store.lockImages({ signal })
  const { stored } = await findStored(view, store, text, { signal })
  const wanted = new Map<Digest, PlatformImage>()
  for (const platform of platforms) {
    const image = exactFor(platform, stored.platforms)
    if (image === undefined) throw missingPlatform(text, stored, platform)
    wanted.set(image.manifest.digest, image)
  }
  if (!force && stored.names.some(keeps)) {
    throw new PlatformConflictError(
      text,
      [...wanted.values()].map(({ platform }) => formatPlatform(platform)),
    )
  }
  const unneeded = await takeOut(store, stored, [...wanted.keys()], { signal })
  return { removed: [...wanted.values()], unneeded }
}
