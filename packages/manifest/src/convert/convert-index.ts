import { quote } from '@drayage/bytes'

import { keepDockerMembers, type Converted } from './format.ts'
import { ManifestConversionError } from '../errors.ts'
import type { ImageIndex } from '../manifests/image-index.ts'
import { FORMAT_TYPES, manifestFormat, type ManifestFormat } from './format.ts'

/**
 * Writes an index in a format. Its manifests must have been converted before: their descriptors are used as they are. OCI
 * keeps every member, a manifest list only those it defines.
 *
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` for a manifest of another format, and in a manifest list for one
 * without platform
 * @see OCI image-spec v1.1.1, image-index.md; Docker Image Manifest V 2, Schema 2, "Manifest List"
 */
export function convertIndex(index: ImageIndex, format: ManifestFormat): Converted<ImageIndex> {
  const types = FORMAT_TYPES[format]
  const value: ImageIndex = { ...index, mediaType: types.index }
  for (const [position, { mediaType, platform }] of index.manifests.entries()) {
    const path = `manifests[${position}]`
    // An OCI index may list anything, but a Docker type shows that the manifest was not converted.
    const isOfFormat = format === 'oci' ? manifestFormat(mediaType) !== 'v2s2' : manifestFormat(mediaType) === 'v2s2'
    if (!isOfFormat) {
      throw new ManifestConversionError(format, path, quote(mediaType), `${types.manifest} or ${types.index}`)
    }
    if (format === 'v2s2' && platform === undefined && mediaType === types.manifest) {
      throw new ManifestConversionError(
        format,
        path,
        'no platform',
        'one, which manifest lists require, or the format oci',
      )
    }
  }
  if (format === 'oci') return { value, dropped: [] }
  const manifests = index.manifests.map((each, position) => keepDockerMembers(each, `manifests[${position}]`))
  const kept = ['schemaVersion', 'mediaType', 'manifests']
  return {
    value: { schemaVersion: 2, mediaType: types.index, manifests: manifests.map((each) => each.value) },
    dropped: [
      ...Object.keys(value).filter((member) => !kept.includes(member)),
      ...manifests.flatMap(({ dropped }) => dropped),
    ],
  }
}
