import { quote } from '@drayage/bytes'

import { requireImageConfig } from '../config/image-checks.ts'
import { keepDockerMembers, type Converted } from './format.ts'
import type { Descriptor } from '../descriptor.ts'
import { ManifestConversionError } from '../errors.ts'
import type { ImageManifest } from '../manifests/image-manifest.ts'
import { FORMAT_TYPES, type ManifestFormat } from './format.ts'
import { isForeignLayerType, layerCompression } from '../media-types.ts'

/**
 * Writes an image manifest in a format: the media types of manifest, config and layers change; digests and sizes do not, so
 * the image keeps its ID. OCI keeps every member, schema 2 only those it defines.
 *
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED` for an artifact
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` for a layer without a type in the format
 * @see OCI image-spec v1.1.1, manifest.md; Docker Image Manifest V 2, Schema 2, "Media Types"
 */
export function convertManifest(manifest: ImageManifest, format: ManifestFormat): Converted<ImageManifest> {
  requireImageConfig(manifest)
  const types = FORMAT_TYPES[format]
  const value: ImageManifest = {
    ...manifest,
    mediaType: types.manifest,
    config: { ...manifest.config, mediaType: types.config },
    layers: manifest.layers.map((layer, index) => convertLayer(layer, `layers[${index}]`, format)),
  }
  if (format === 'oci') return { value, dropped: [] }
  const config = keepDockerMembers(value.config, 'config')
  const layers = value.layers.map((layer, index) => keepDockerMembers(layer, `layers[${index}]`))
  const kept = ['schemaVersion', 'mediaType', 'config', 'layers']
  return {
    value: {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: config.value,
      layers: layers.map((layer) => layer.value),
    },
    dropped: [
      ...Object.keys(value).filter((member) => !kept.includes(member)),
      ...[config, ...layers].flatMap(({ dropped }) => dropped),
    ],
  }
}

function convertLayer(layer: Descriptor, path: string, format: ManifestFormat): Descriptor {
  const { mediaType } = layer
  const compression = layerCompression(mediaType)
  if (compression === undefined) {
    throw new ManifestConversionError(format, path, quote(mediaType), 'a layer of an image')
  }
  const isForeign = isForeignLayerType(mediaType)
  const type = FORMAT_TYPES[format][isForeign ? 'foreignLayer' : 'layer'][compression]
  if (type === undefined) {
    const wanted = isForeign
      ? 'a layer in gzip, or the format oci'
      : 'a layer in gzip (recompress it), or the format oci'
    throw new ManifestConversionError(format, path, quote(mediaType), wanted)
  }
  return { ...layer, mediaType: type }
}
