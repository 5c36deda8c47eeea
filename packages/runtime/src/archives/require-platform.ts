import type { AbortOptions } from '@drayage/bytes'
import { readBlob, type Fetcher } from '@drayage/content'
import { PlatformNotFoundError } from '@drayage/distribution'
import { decodeManifest, manifestKind, matchesPlatform, type Platform } from '@drayage/manifest'
import { familiarReference } from '@drayage/reference'

import { readPlatform } from '../images/read-platform.ts'
import type { ArchivedImage } from './docker-archive-images.ts'

/**
 * Refuses an image without an index that is for none of the platforms. One that tells no platform is for any.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function requirePlatform(
  content: Fetcher,
  { target, names, imageId }: ArchivedImage,
  platforms: readonly Platform[] | undefined,
  options: AbortOptions,
): Promise<void> {
  const [first] = platforms ?? []
  if (first === undefined || manifestKind(target.mediaType) !== 'image') return
  const manifest = decodeManifest(await readBlob(content, target, options), target)
  const own = await readPlatform(content, manifest, options)
  if (own === undefined || platforms?.some((platform) => matchesPlatform(own, platform)) === true) return
  const [name] = names
  throw new PlatformNotFoundError(name === undefined ? (imageId ?? target.digest) : familiarReference(name), first, [
    own,
  ])
}
