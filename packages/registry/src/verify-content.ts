import { verifyBytes } from '@drayage/digest'
import { decodeManifest, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'

/**
 * Throws unless `bytes` are `what`. The digest of a signed schema 1 manifest is that of the bytes that were signed.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export function verifyContent(bytes: Uint8Array, what: Descriptor): void {
  const isSigned = what.mediaType === MEDIA_TYPES.schema1Signed && bytes.byteLength === what.size
  if (isSigned) decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
  else verifyBytes(bytes, what)
}
