import type { Digest } from '@drayage/digest'
import type { PlatformImage } from '@drayage/image-store'
import { formatPlatform } from '@drayage/manifest'

import { PlatformConflictError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { keeps } from './shown-image.ts'
import { takeOut } from './take-out.ts'

/**
 * Takes one image out of everything that has it, by the digest of its manifest or config.
 *
 * @throws PlatformConflictError `ERR_PLATFORM_CONFLICT` unless it is forced or nothing has a name
 */
export async function removePart(
  store: Store,
  text: string,
  { manifest, platform }: PlatformImage,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal | undefined },
): Promise<{ readonly deleted: Digest; readonly unneeded: readonly Digest[] }> {
  const { images: holders } = await store.images.find(manifest.digest, { signal })
  if (!force && holders.some(({ names }) => names.some(keeps))) {
    throw new PlatformConflictError(text, [formatPlatform(platform)])
  }
  const unneeded: Digest[] = []
  for (const stored of holders) unneeded.push(...(await takeOut(store, stored, [manifest.digest], { signal })))
  return { deleted: manifest.digest, unneeded }
}
