import type { AbortOptions } from '@drayage/bytes'
import { NameRefusedError } from '@drayage/image-store'
import { formatReference, parseReference, withDefaultTag } from '@drayage/reference'

import type { StoreAccess } from '../runtime.ts'
import { findStored } from './find-stored-image.ts'
import type { ImageView } from './shown-image.ts'

/**
 * Gives what is stored another name, which no longer stands for what it stood for. The name stands for the same index,
 * manifest or artifact; the digest of one image of an index names that image alone.
 *
 * @param source a reference, an ID or the start of one
 * @param target familiar or full, without a digest; `latest` when it has no tag
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws NameRefusedError `ERR_NAME_REFUSED` when `target` has a digest
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export async function tagImage(
  runtime: StoreAccess & ImageView,
  source: string,
  target: string,
  options: AbortOptions = {},
): Promise<void> {
  const reference = withDefaultTag(parseReference(target))
  if (reference.digest !== undefined) {
    throw new NameRefusedError(formatReference(reference), 'refusing to create a tag with a digest reference')
  }
  const { images } = await runtime.openStore()
  const { stored, part } = await findStored(runtime, { images }, source, options)
  if (part === undefined) return await images.setNames([{ name: reference, target: stored.target }], options)
  await images.put(part.manifest, { present: [part.manifest] }, { ...options, names: [{ name: reference }] })
}
