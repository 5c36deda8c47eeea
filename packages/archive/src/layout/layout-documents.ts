import { quote } from '@drayage/bytes'
import { type Digest, digestAlgorithm, digestHex } from '@drayage/digest'
import { decodeManifest, type ImageIndex, MEDIA_TYPES } from '@drayage/manifest'

import { LayoutError } from '../errors.ts'

/** Decodes `index.json`; `place` is the layout's directory or archive. @throws LayoutError `ERR_LAYOUT` */
export function decodeLayoutIndex(bytes: Uint8Array, place: string): ImageIndex {
  const decoded = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociIndex, anyCase: true })
  if (decoded.kind !== 'index')
    throw new LayoutError(place, `its index.json is no index but a manifest of kind ${decoded.kind}`)
  return decoded.value
}

/** Checks the bytes of `oci-layout`. @throws LayoutError `ERR_LAYOUT` unless they tell a version that is known */
export function assertLayoutVersion(bytes: Uint8Array, place: string): void {
  const version = layoutVersion(bytes)
  if (version?.startsWith('1.') === true) return
  const reason =
    version === undefined
      ? 'its oci-layout file names no version'
      : `it has version ${quote(version, 40)}, expected ${LAYOUT_VERSION}`
  throw new LayoutError(place, reason)
}

/** The path of a blob in a layout. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

/** The version that is written. @see OCI image-spec v1.1.1, image-layout.md */
export const LAYOUT_VERSION = '1.0.0'

function layoutVersion(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    if (typeof value !== 'object' || value === null || !('imageLayoutVersion' in value)) return undefined
    return typeof value.imageLayoutVersion === 'string' ? value.imageLayoutVersion : undefined
  } catch {
    return undefined
  }
}
