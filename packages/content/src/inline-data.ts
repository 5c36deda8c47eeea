import { isDigestError, verifyBytes } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/**
 * The content that `what` carries in itself, verified; `undefined` when it carries none, or what it carries is not the
 * content that it names.
 *
 * @see OCI image-spec v1.1.1, descriptor.md, "data"
 */
export function inlineData(what: Descriptor): Uint8Array | undefined {
  const { data } = what
  // The length is compared first, so that a long text is never decoded.
  if (data === undefined || data.length !== Math.ceil(what.size / 3) * 4) return undefined
  try {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
    verifyBytes(bytes, what)
    return bytes
  } catch (error) {
    if (isDigestError(error) || error instanceof DOMException) return undefined
    throw error
  }
}
