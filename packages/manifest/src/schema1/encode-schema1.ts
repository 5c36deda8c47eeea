import { encodeText, quote } from '@drayage/bytes'

import { requireImageConfig } from '../config/image-checks.ts'
import type { DecodedImageConfig } from '../config/decode-image-config.ts'
import type { Descriptor } from '../descriptor.ts'
import { ManifestConversionError } from '../errors.ts'
import type { ImageManifest } from '../manifests/image-manifest.ts'
import { checkLayerCount } from '../config/image-checks.ts'
import { isForeignLayerType, layerCompression } from '../media-types.ts'
import { SCHEMA1_EMPTY_LAYER } from './empty-layer.ts'
import { schema1History } from './history.ts'

/** An unsigned schema 1 manifest. */
export interface EncodedSchema1 {
  /** The bytes that its digest is computed from, even when it is signed. */
  readonly bytes: Uint8Array
  /** The blobs that it refers to, without repetition; {@link SCHEMA1_EMPTY_LAYER} may be among them. */
  readonly layers: readonly Descriptor[]
}

/** The name in a schema 1 manifest: the path of the repository, and the tag. */
export interface Schema1Names {
  readonly name: string
  readonly tag: string
}

/**
 * Writes an image as schema 1, for readers that know nothing else. The config becomes the last step of the history, and the
 * image gets another ID.
 *
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` for zstd layers and for foreign ones
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED` for an artifact
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @see Docker Image Manifest V 2, Schema 1
 */
export function encodeSchema1(
  manifest: ImageManifest,
  config: DecodedImageConfig,
  names: Schema1Names,
): EncodedSchema1 {
  requireImageConfig(manifest)
  checkLayerCount(manifest, config.value)
  manifest.layers.forEach(({ mediaType }, index) => {
    const compression = isForeignLayerType(mediaType) ? undefined : layerCompression(mediaType)
    if (compression === 'gzip' || compression === 'none') return
    throw new ManifestConversionError('v2s1', `layers[${index}]`, quote(mediaType), 'a layer in gzip (recompress it)')
  })
  const steps = schema1History(
    config,
    manifest.layers.map((layer) => layer.digest),
  ).toReversed()
  const value = {
    schemaVersion: 1,
    ...names,
    architecture: config.value.architecture ?? '',
    fsLayers: steps.map(({ blobSum }) => ({ blobSum })),
    history: steps.map(({ v1Compatibility }) => ({ v1Compatibility })),
  }
  const layers = new Map([SCHEMA1_EMPTY_LAYER, ...manifest.layers].map((layer) => [layer.digest, layer]))
  const used = new Set(steps.map(({ blobSum }) => blobSum))
  return {
    bytes: encodeText(JSON.stringify(value, null, 3)),
    layers: [...layers.values()].filter(({ digest }) => used.has(digest)),
  }
}
