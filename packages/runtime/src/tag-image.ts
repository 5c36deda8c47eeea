import type { AbortOptions } from '@drayage/bytes'
import { parseReference, withDefaultTag } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'

/**
 * Gives an image of the local store another name, which no longer stands for what it stood for.
 *
 * @param source a reference, an ID or the start of one
 * @param target familiar or full, without a digest; `latest` when it has no tag
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws TransportError `ERR_USAGE` when `target` has a digest
 */
export async function tagImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: AbortOptions = {},
): Promise<void> {
  const reference = withDefaultTag(parseReference(target))
  if (reference.digest !== undefined) {
    throw new TransportError(`Cannot tag "${target}": refusing to create a tag with a digest reference`)
  }
  const { images } = await runtime.openStore()
  const image = await images.find(source, options)
  const named = (await images.listNames(options)).find(
    ({ image: id, reference: name }) => id === image.id && name === source,
  )
  await images.nameImage(reference, named?.target ?? image.manifest, image.id, options)
}
