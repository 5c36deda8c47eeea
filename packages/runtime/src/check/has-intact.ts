import type { AbortOptions } from '@drayage/bytes'
import { canVerify, verifyBlob, type Checker, type Fetcher } from '@drayage/content'
import { isLayerType, type Descriptor } from '@drayage/manifest'

/** Content that is no layer is read whole up to this size, in bytes, so that no damage of it goes unnoticed. */
const SMALL_BYTES = 1024 * 1024

/**
 * Whether a store has content that is still what came. What went bad is set aside, so that it is brought again. Small content
 * is read whole; of layers a store that can tells, and others are taken for what they were.
 */
export async function hasIntact(
  content: Fetcher & Checker,
  what: Descriptor,
  options: AbortOptions = {},
): Promise<boolean> {
  const isSmall = !isLayerType(what.mediaType) && what.size <= SMALL_BYTES
  if (!canVerify(content)) {
    return (await content.has(what, options)) && (!isSmall || (await verifyBlob(content, what, options)) === 'intact')
  }
  const state = await (isSmall ? verifyBlob(content, what, options) : content.verify(what, options))
  if (state === 'corrupt') await content.setAside(what.digest, options)
  return state === 'intact'
}
