import type { AbortOptions } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import { isImageStoreError, type PlatformImage, type StoredImage } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { Store } from '../store/store.ts'
import type { PullSink } from './pull-store.ts'

/** An image that was here already. */
export interface ExistingImage {
  /** What the first of the names stands for; without names, what holds the image. */
  readonly target: Descriptor
  readonly manifest: Descriptor
}

/** An image that is here whole, and what holds it. */
interface Held {
  readonly stored: StoredImage
  readonly image: PlatformImage
}

/**
 * Names an image that is here whole, whatever its manifest is; nothing when it is not. A name that stands for an index with
 * the image in it stays there, so that the other images of the index are not lost; any other stands for the image alone.
 */
export async function nameExistingImage(
  store: Pick<Store, 'images'>,
  { images: sink }: Pick<PullSink, 'images'>,
  { imageId, names }: { readonly imageId?: ImageId | undefined; readonly names: readonly Reference[] },
  options: AbortOptions,
): Promise<ExistingImage | undefined> {
  if (imageId === undefined) return undefined
  const held: Held[] = []
  for (const each of await holdersOf(store, imageId, options)) {
    if ((await sink.findImage(each.image.manifest, options)) !== undefined) held.push(each)
  }
  // One that came by itself goes on to stand for itself.
  const single = held.find(({ stored, image }) => stored.target.digest === image.manifest.digest) ?? held[0]
  if (single === undefined) return undefined
  const { manifest } = single.image
  const moving: Reference[] = []
  const targets: Descriptor[] = []
  for (const name of names) {
    const target = await store.images.targetOf(name, options)
    const isHeld = held.some(({ stored }) => stored.target.digest === target?.digest)
    targets.push(target !== undefined && isHeld ? target : manifest)
    if (!isHeld) moving.push(name)
  }
  if (moving.length > 0) {
    const given = moving.map((name) => ({ name }))
    await sink.putImages({ target: manifest, images: [], present: [manifest], others: [] }, given, options)
  }
  return { target: targets[0] ?? single.stored.target, manifest }
}

/** All that holds the image with this config. */
async function holdersOf({ images }: Pick<Store, 'images'>, imageId: ImageId, options: AbortOptions): Promise<Held[]> {
  try {
    const found = await images.find(imageId, options)
    return found.images.flatMap((stored) => {
      const image = stored.platforms.find(({ id }) => id === imageId)
      return image === undefined ? [] : [{ stored, image }]
    })
  } catch (error) {
    if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return []
    throw error
  }
}
