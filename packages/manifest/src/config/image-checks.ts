import { escapeText, quote } from '@drayage/bytes'
import type { DiffId } from '@drayage/digest'

import { LayerCountError, UnsupportedConfigError, UnsupportedLayerError } from '../errors.ts'
import type { ImageManifest } from '../manifests/image-manifest.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import type { Platform } from '../platform/platform.ts'
import { artifactName } from './artifact-name.ts'
import { requireRootFs } from './decode-image-config.ts'
import type { ImageConfig } from './image-config.ts'

const MISMATCH = "layers from manifest don't match image configuration"

/** What a config describes. */
export type ConfigClass = 'image' | 'plugin' | 'unknown'

/** The two types of image configs, and those that registries wrote when they guessed the type of a blob. */
const IMAGE_CONFIG_TYPES: readonly string[] = [
  MEDIA_TYPES.dockerConfig,
  MEDIA_TYPES.ociConfig,
  'application/octet-stream',
  'application/json',
  'text/html',
  '',
]

/** What the types of layers begin with, as for Docker Engine since version 23. */
const LAYER_TYPE_STARTS: readonly string[] = ['application/vnd.oci.image.', 'application/vnd.docker.']

/** Types that registries gave to layers when they guessed. */
const VAGUE_LAYER_TYPES: readonly string[] = ['application/octet-stream', 'application/json', 'text/html', '']

/** What a config of this media type describes. */
export function configClass(mediaType: string): ConfigClass {
  if (IMAGE_CONFIG_TYPES.includes(mediaType)) return 'image'
  return mediaType === MEDIA_TYPES.dockerPluginConfig ? 'plugin' : 'unknown'
}

/**
 * Checks that a manifest is an image's, by the media type of its config.
 *
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`
 */
export function requireImageConfig(manifest: ImageManifest): void {
  const { mediaType } = manifest.config
  const found = configClass(mediaType)
  if (found === 'image') return
  const reason =
    manifest.mediaType === MEDIA_TYPES.dockerManifest
      ? `Encountered remote ${quote(mediaType, 160)}(${found}) when fetching`
      : `unsupported media type ${escapeText(mediaType, 160)}`
  throw new UnsupportedConfigError(mediaType, found, artifactName(manifest), { reason })
}

/**
 * Checks that a manifest is an image's that can be unpacked: besides its config, that the media types of its layers are not
 * those of an attestation, a signature or another artifact.
 *
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`
 * @throws UnsupportedLayerError `ERR_LAYER_UNSUPPORTED`
 */
export function requireImageLayers(manifest: ImageManifest): void {
  requireImageConfig(manifest)
  const odd = manifest.layers.find(({ mediaType }) => {
    const type = mediaType.toLowerCase()
    return !VAGUE_LAYER_TYPES.includes(type) && !LAYER_TYPE_STARTS.some((start) => type.startsWith(start))
  })
  if (odd !== undefined) throw new UnsupportedLayerError(odd.mediaType, artifactName(manifest))
}

/** Tells whether config and layers are those of an image that can be unpacked; see {@link requireImageLayers}. */
export function isImageManifest(manifest: ImageManifest): boolean {
  try {
    requireImageLayers(manifest)
    return true
  } catch (error) {
    if (error instanceof UnsupportedConfigError || error instanceof UnsupportedLayerError) return false
    throw error
  }
}

/** The platform in an image config; `undefined` unless both system and architecture are set. */
export function platformOf(config: ImageConfig): Platform | undefined {
  const { os, architecture, variant } = config
  if (os === undefined || os === '' || architecture === undefined || architecture === '') return undefined
  const version = config['os.version']
  const features = config['os.features']
  return {
    os,
    architecture,
    ...(variant !== undefined && variant !== '' && { variant }),
    ...(version !== undefined && { 'os.version': version }),
    ...(features !== undefined && { 'os.features': features }),
  }
}

/**
 * Checks that a manifest and its config have the same number of layers and that the history has no more, and returns the
 * DiffIDs, one for each layer of the manifest, bottom to top.
 *
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX` when the config has no `rootfs`
 * @see OCI image-spec v1.1.1, config.md, "rootfs"
 */
export function checkLayerCount(manifest: ImageManifest, config: ImageConfig): readonly DiffId[] {
  const diffIds = requireRootFs(config).diff_ids
  const layers = manifest.layers.length
  if (layers !== diffIds.length) {
    const counts = { actual: layers, expected: diffIds.length }
    throw new LayerCountError(MISMATCH, `${layers} layers`, `${diffIds.length}, one for each DiffID`, counts)
  }
  const steps = config.history?.filter((entry) => entry.empty_layer !== true).length ?? 0
  if (steps > diffIds.length) {
    throw new LayerCountError(
      'too many non-empty layers in History section',
      `${steps} steps with a layer`,
      `at most ${diffIds.length}, one for each DiffID`,
      { actual: steps, expected: diffIds.length },
    )
  }
  return diffIds
}
