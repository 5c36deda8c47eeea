import { decodeManifest, type ImageIndex, MEDIA_TYPES } from '@drayage/manifest'

import { LayoutError } from './errors.ts'

/** Decodes `index.json`; `place` is the layout's directory or archive. @throws LayoutError `ERR_LAYOUT` */
export function decodeLayoutIndex(bytes: Uint8Array, place: string): ImageIndex {
  const decoded = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociIndex })
  if (decoded.kind !== 'index') throw new LayoutError(place, `index.json of another kind, ${decoded.kind}`, 'an index')
  return decoded.value
}

/** Checks the bytes of `oci-layout`. @throws LayoutError `ERR_LAYOUT` unless they tell a version that is known */
export function assertLayoutVersion(bytes: Uint8Array, place: string): void {
  const version = layoutVersion(bytes)
  if (version?.startsWith('1.') === true) return
  const found =
    version === undefined ? 'an oci-layout file without a version' : `version ${JSON.stringify(version.slice(0, 40))}`
  throw new LayoutError(place, found, LAYOUT_VERSION)
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
