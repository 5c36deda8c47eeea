import type { AbortOptions } from '@drayage/bytes'
import { canVerify } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { isIndexType, type Descriptor } from '@drayage/manifest'

import type { ShownImage } from '../images/shown-image.ts'
import type { Store } from '../store/store.ts'

/**
 * What is wrong with the indexes, manifests and configs of listed images, such as `manifest missing`. Of each file its size
 * and seal are looked at, and those that are suspicious are read; not of those in `trusted`, which were looked at just now.
 */
export async function damagedAmong(
  { content }: Pick<Store, 'content'>,
  images: readonly ShownImage[],
  trusted: ReadonlySet<Digest>,
  options: AbortOptions,
): Promise<ReadonlyMap<ShownImage, string>> {
  if (!canVerify(content)) return new Map()
  const parts = new Map(images.map((image) => [image, describedParts(image)]))
  const described = [...parts.values()].flatMap((all) => [...all.values()])
  const suspects = await content.suspects(
    described.filter(({ digest }) => !trusted.has(digest)),
    options,
  )
  const bad = new Map<Digest, string>()
  for (const what of suspects) {
    const state = await content.verify(what, options)
    if (state !== 'intact') bad.set(what.digest, state === 'missing' ? state : 'damaged')
  }
  const found = new Map<ShownImage, string>()
  for (const [image, all] of bad.size === 0 ? [] : parts) {
    for (const [part, { digest }] of all) {
      const fault = bad.get(digest)
      if (fault !== undefined && !found.has(image)) found.set(image, `${part} ${fault}`)
    }
  }
  return found
}

/** What an image cannot be used without, by what users call it; layers are more than a list should look at. */
function describedParts({ stored, platform }: ShownImage): ReadonlyMap<string, Descriptor> {
  const [{ target }] = stored
  const parts = new Map<string, Descriptor>([[isIndexType(target.mediaType) ? 'index' : 'manifest', target]])
  if (platform === undefined) return parts
  return parts.set('manifest', platform.manifest).set('config', platform.config)
}
