import { quote } from './quote.ts'

/** Codes of the errors of this package. */
export type ManifestErrorCode =
  | 'ERR_MANIFEST_SYNTAX'
  | 'ERR_MANIFEST_AMBIGUOUS'
  | 'ERR_MANIFEST_UNSUPPORTED'
  | 'ERR_MANIFEST_TOO_LARGE'
  | 'ERR_CONFIG_SYNTAX'
  | 'ERR_CONFIG_UNSUPPORTED'
  | 'ERR_LAYER_COUNT'
  | 'ERR_PLATFORM_SYNTAX'
  | 'ERR_MANIFEST_CONVERSION'

/** Bytes that are not a manifest of the kind they claim to be. */
export class ManifestSyntaxError extends Error {
  override readonly name: string = 'ManifestSyntaxError'
  readonly code: 'ERR_MANIFEST_SYNTAX' = 'ERR_MANIFEST_SYNTAX'
  /** Where, such as `layers[0].digest`; empty for the whole document. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot decode manifest: found ${found}${at(path)}, expected ${wanted}`, options)
    this.path = path
  }
}

/** A manifest that readers of different strictness would understand differently. */
export class AmbiguousManifestError extends Error {
  override readonly name: string = 'AmbiguousManifestError'
  readonly code: 'ERR_MANIFEST_AMBIGUOUS' = 'ERR_MANIFEST_AMBIGUOUS'

  constructor(found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot decode manifest: found ${found}, expected ${wanted}`, options)
  }
}

/** A manifest of a media type that this package does not know. */
export class UnsupportedManifestError extends Error {
  override readonly name: string = 'UnsupportedManifestError'
  readonly code: 'ERR_MANIFEST_UNSUPPORTED' = 'ERR_MANIFEST_UNSUPPORTED'
  /** As it came; hostile until escaped. */
  readonly mediaType: string

  constructor(mediaType: string, options?: ErrorOptions) {
    super(
      `Cannot decode manifest: found media type ${quote(mediaType)}, expected an image manifest or an index`,
      options,
    )
    this.mediaType = mediaType
  }
}

/** A manifest or config larger than the limit. */
export class ManifestTooLargeError extends Error {
  override readonly name: string = 'ManifestTooLargeError'
  readonly code: 'ERR_MANIFEST_TOO_LARGE' = 'ERR_MANIFEST_TOO_LARGE'
  /** Bytes that came. */
  readonly actualBytes: number
  /** Bytes that are accepted. */
  readonly maxBytes: number

  constructor(what: 'manifest' | 'image config', actualBytes: number, maxBytes: number, options?: ErrorOptions) {
    super(`Cannot decode ${what}: found ${actualBytes} bytes, expected at most ${maxBytes}`, options)
    this.actualBytes = actualBytes
    this.maxBytes = maxBytes
  }
}

/** Bytes that are not an image config. */
export class ImageConfigSyntaxError extends Error {
  override readonly name: string = 'ImageConfigSyntaxError'
  readonly code: 'ERR_CONFIG_SYNTAX' = 'ERR_CONFIG_SYNTAX'
  /** Where, such as `rootfs.diff_ids[0]`; empty for the whole document. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot decode image config: found ${found}${at(path)}, expected ${wanted}`, options)
    this.path = path
  }
}

/** A manifest whose config is not that of an image. */
export class UnsupportedConfigError extends Error {
  override readonly name: string = 'UnsupportedConfigError'
  readonly code: 'ERR_CONFIG_UNSUPPORTED' = 'ERR_CONFIG_UNSUPPORTED'
  /** As it came; hostile until escaped. */
  readonly mediaType: string
  /** What the media type stands for. */
  readonly configClass: 'plugin' | 'unknown'

  constructor(mediaType: string, configClass: 'plugin' | 'unknown', options?: ErrorOptions) {
    super(`Cannot use manifest: found config ${quote(mediaType)} (${configClass}), expected that of an image`, options)
    this.mediaType = mediaType
    this.configClass = configClass
  }
}

/** A manifest and a config that disagree on the number of layers. */
export class LayerCountError extends Error {
  override readonly name: string = 'LayerCountError'
  readonly code: 'ERR_LAYER_COUNT' = 'ERR_LAYER_COUNT'
  /** Layers in the manifest, or steps with a layer in the history. */
  readonly actual: number
  /** DiffIDs in the config, or the limit. */
  readonly expected: number

  constructor(found: string, wanted: string, actual: number, expected: number, options?: ErrorOptions) {
    super(
      `Cannot use image: layers from manifest don't match image configuration: found ${found}, expected ${wanted}`,
      options,
    )
    this.actual = actual
    this.expected = expected
  }
}

/** Text that is not a platform. */
export class PlatformSyntaxError extends Error {
  override readonly name: string = 'PlatformSyntaxError'
  readonly code: 'ERR_PLATFORM_SYNTAX' = 'ERR_PLATFORM_SYNTAX'

  constructor(text: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot parse platform ${quote(text)}: found ${found}, expected ${wanted}`, options)
  }
}

/** A manifest that cannot be written in the format that was asked for. */
export class ManifestConversionError extends Error {
  override readonly name: string = 'ManifestConversionError'
  readonly code: 'ERR_MANIFEST_CONVERSION' = 'ERR_MANIFEST_CONVERSION'
  /** The format asked for. */
  readonly format: 'oci' | 'v2s2' | 'v2s1'
  /** Where, such as `layers[0]`. */
  readonly path: string

  constructor(format: 'oci' | 'v2s2' | 'v2s1', path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot convert manifest to ${format}: found ${found}${at(path)}, expected ${wanted}`, options)
    this.format = format
    this.path = path
  }
}

/** Any error of this package. */
export type ManifestError =
  | ManifestSyntaxError
  | AmbiguousManifestError
  | UnsupportedManifestError
  | ManifestTooLargeError
  | ImageConfigSyntaxError
  | UnsupportedConfigError
  | LayerCountError
  | PlatformSyntaxError
  | ManifestConversionError

const CODES: readonly string[] = [
  'ERR_MANIFEST_SYNTAX',
  'ERR_MANIFEST_AMBIGUOUS',
  'ERR_MANIFEST_UNSUPPORTED',
  'ERR_MANIFEST_TOO_LARGE',
  'ERR_CONFIG_SYNTAX',
  'ERR_CONFIG_UNSUPPORTED',
  'ERR_LAYER_COUNT',
  'ERR_PLATFORM_SYNTAX',
  'ERR_MANIFEST_CONVERSION',
] satisfies ManifestErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isManifestError(value: unknown): value is ManifestError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}

function at(path: string): string {
  return path === '' ? '' : ` at ${quote(path)}`
}
