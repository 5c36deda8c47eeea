import { UnsupportedConfigError } from './errors.ts'
import type { ImageConfig } from './image-config.ts'
import type { ImageManifest } from './image-manifest.ts'
import { MEDIA_TYPES } from './media-types.ts'
import type { Platform } from './platform.ts'

/** What a config describes. */
export type ConfigClass = 'image' | 'plugin' | 'unknown'

/** Besides the two of image configs: what registries that guessed the type of a blob wrote into manifests. */
const IMAGE_CONFIG_TYPES: readonly string[] = [
  MEDIA_TYPES.dockerConfig,
  MEDIA_TYPES.ociConfig,
  'application/octet-stream',
  'application/json',
  'text/html',
  '',
]

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
  if (found !== 'image') throw new UnsupportedConfigError(mediaType, found)
}

/** The platform that an image config tells; `undefined` unless it names both system and architecture. */
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
