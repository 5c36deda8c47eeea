import { encodeText } from '@drayage/bytes'

import { requireImageConfig } from './config-class.ts'
import type { DecodedImageConfig } from './decode-image-config.ts'
import type { Descriptor } from './descriptor.ts'
import { ManifestConversionError } from './errors.ts'
import type { ImageManifest } from './image-manifest.ts'
import { checkLayerCount } from './layer-count.ts'
import { isForeignLayerType, layerCompression } from './media-types.ts'
import { quote } from './quote.ts'
import { SCHEMA1_EMPTY_LAYER } from './schema1-empty-layer.ts'
import { schema1History } from './schema1-history.ts'

/** A schema 1 manifest that is not signed yet. */
export interface EncodedSchema1 {
  /** What its digest is of, also when it is signed. */
  readonly bytes: Uint8Array
  /** The blobs that it refers to, each once; {@link SCHEMA1_EMPTY_LAYER} may be among them. */
  readonly layers: readonly Descriptor[]
}

/** What a schema 1 manifest says it is called: the path of the repository, and the tag. */
export interface Schema1Names {
  readonly name: string
  readonly tag: string
}

/**
 * Writes an image as schema 1, for readers that know nothing else: the config becomes the last step of the history, and the
 * image has another ID afterwards.
 *
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` for layers in zstd and those that are kept elsewhere
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
