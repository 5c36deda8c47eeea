import type { AbortOptions } from '@drayage/bytes'
import { NameRefusedError, type ImageStore, type ListedImage } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, parseReference, tryParseReference, withDefaultTag } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'

/**
 * Gives an image of the local store another name, which no longer stands for what it stood for. A name given to the name
 * of an index stands for the index too.
 *
 * @param source a reference, an ID or the start of one
 * @param target familiar or full, without a digest; `latest` when it has no tag
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws NameRefusedError `ERR_NAME_REFUSED` when `target` has a digest
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export async function tagImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: AbortOptions = {},
): Promise<void> {
  const reference = withDefaultTag(parseReference(target))
  if (reference.digest !== undefined) {
    throw new NameRefusedError(formatReference(reference), 'refusing to create a tag with a digest reference')
  }
  const { images } = await runtime.openStore()
  const image = await images.find(source, options)
  await images.nameImage(reference, await targetOf(images, source, image, options), image.id, options)
}

/** What the source's name stands for, or the image's manifest when the source is an ID. */
async function targetOf(
  images: ImageStore,
  source: string,
  image: ListedImage,
  options: AbortOptions,
): Promise<Descriptor> {
  const parsed = tryParseReference(source)
  if (!parsed.ok || (await images.imageOf(parsed.value, options)) !== image.id) return image.manifest
  return await images.resolve(parsed.value, options)
}
