import type { AbortOptions } from '@drayage/bytes'
import { isContentError, walk } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { LocalStore } from '../store/local-store.ts'

/** What the name stands for when all of it is here, else the image that it selects. */
export async function wholeTarget(
  store: LocalStore,
  name: Reference,
  image: Descriptor,
  options: AbortOptions,
): Promise<Descriptor> {
  const target = await store.images.resolve(name, options)
  if (target.digest === image.digest) return image
  try {
    for await (const { descriptor } of walk(store.content, target, { signal: options.signal })) {
      if (!(await store.content.has(descriptor, options))) return image
    }
    return target
  } catch (error) {
    // A manifest of the index is not here.
    if (isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND') return image
    throw error
  }
}
