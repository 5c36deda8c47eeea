import { DrayageError, errorGuard, escapeText, quote, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type ManifestErrorCode =
  | 'ERR_MANIFEST_SYNTAX'
  | 'ERR_MANIFEST_AMBIGUOUS'
  | 'ERR_MANIFEST_UNSUPPORTED'
  | 'ERR_MANIFEST_TOO_LARGE'
  | 'ERR_CONFIG_SYNTAX'
  | 'ERR_CONFIG_UNSUPPORTED'
  | 'ERR_LAYER_UNSUPPORTED'
  | 'ERR_LAYER_COUNT'
  | 'ERR_PLATFORM_SYNTAX'
  | 'ERR_MANIFEST_CONVERSION'
  | 'ERR_SCHEMA1'

/** Bytes that are not a manifest of the kind they claim to be. */
export class ManifestSyntaxError extends DrayageError<'ERR_MANIFEST_SYNTAX'> {
  override readonly name: string = 'ManifestSyntaxError'
  /** Where, such as `layers[0].digest`; empty for the whole document. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_MANIFEST_SYNTAX', `Cannot decode manifest: found ${found}${at(path)}, expected ${wanted}`, options)
    this.path = path
  }
}

/** A manifest that lenient and strict readers would understand differently. */
export class AmbiguousManifestError extends DrayageError<'ERR_MANIFEST_AMBIGUOUS'> {
  override readonly name: string = 'AmbiguousManifestError'

  constructor(found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_MANIFEST_AMBIGUOUS', `Cannot decode manifest: found ${found}, expected ${wanted}`, options)
  }
}

/** A manifest of a media type that this package does not know. */
export class UnsupportedManifestError extends DrayageError<'ERR_MANIFEST_UNSUPPORTED'> {
  override readonly name: string = 'UnsupportedManifestError'
  /** As received; hostile until escaped. */
  readonly mediaType: string

  constructor(mediaType: string, options?: DrayageErrorOptions) {
    const message = `Cannot decode manifest: found media type ${quote(mediaType)}, expected an image manifest or an index`
    super('ERR_MANIFEST_UNSUPPORTED', message, options)
    this.mediaType = mediaType
  }
}

/** A manifest or config larger than the limit. */
export class ManifestTooLargeError extends DrayageError<'ERR_MANIFEST_TOO_LARGE'> {
  override readonly name: string = 'ManifestTooLargeError'
  /** Bytes received. */
  readonly actualBytes: number
  /** Bytes accepted. */
  readonly maxBytes: number

  constructor(what: 'manifest' | 'image config', actualBytes: number, maxBytes: number, options?: DrayageErrorOptions) {
    const message = `Cannot decode ${what}: found ${actualBytes} bytes, expected at most ${maxBytes}`
    super('ERR_MANIFEST_TOO_LARGE', message, options)
    this.actualBytes = actualBytes
    this.maxBytes = maxBytes
  }
}

/** Bytes that are not an image config. */
export class ImageConfigSyntaxError extends DrayageError<'ERR_CONFIG_SYNTAX'> {
  override readonly name: string = 'ImageConfigSyntaxError'
  /** Where, such as `rootfs.diff_ids[0]`; empty for the whole document. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_CONFIG_SYNTAX', `Cannot decode image config: found ${found}${at(path)}, expected ${wanted}`, options)
    this.path = path
  }
}

/** What to do with a manifest that is no image. */
const HANDLE_ARTIFACT =
  'Copy it as it is to a registry, a layout or an archive (copy), or look into it (manifest, blob).'

/** A manifest whose config is not an image's. */
export class UnsupportedConfigError extends DrayageError<'ERR_CONFIG_UNSUPPORTED'> {
  override readonly name: string = 'UnsupportedConfigError'
  /** As received; hostile until escaped. */
  readonly mediaType: string
  /** What the media type stands for. */
  readonly configClass: 'plugin' | 'unknown'
  /** The failure in the words of Docker Engine. */
  readonly reason: string

  /**
   * @param artifact what the manifest is instead, with its article
   * @param options `reason`: what Docker Engine says
   */
  constructor(
    mediaType: string,
    configClass: 'plugin' | 'unknown',
    artifact: string = 'an artifact',
    options?: DrayageErrorOptions & { readonly reason?: string },
  ) {
    const message = `Cannot use manifest: found config ${quote(mediaType)} of ${artifact}, expected that of an image`
    super('ERR_CONFIG_UNSUPPORTED', message, { hint: HANDLE_ARTIFACT, ...options })
    this.mediaType = mediaType
    this.configClass = configClass
    this.reason = options?.reason ?? `unsupported media type ${escapeText(mediaType, 160)}`
  }
}

/** A manifest with a layer that is no file-system layer. */
export class UnsupportedLayerError extends DrayageError<'ERR_LAYER_UNSUPPORTED'> {
  override readonly name: string = 'UnsupportedLayerError'
  /** As received; hostile until escaped. */
  readonly mediaType: string

  /** @param artifact what the manifest is instead, with its article */
  constructor(mediaType: string, artifact: string, options?: DrayageErrorOptions) {
    const message = `Cannot use manifest: found layer ${quote(mediaType)} of ${artifact}, expected those of an image`
    super('ERR_LAYER_UNSUPPORTED', message, { hint: HANDLE_ARTIFACT, ...options })
    this.mediaType = mediaType
  }
}

/** A manifest and a config that disagree on the number of layers. */
export class LayerCountError extends DrayageError<'ERR_LAYER_COUNT'> {
  override readonly name: string = 'LayerCountError'
  /** Layers in the manifest, or steps with a layer in the history. */
  readonly actual: number
  /** DiffIDs in the config. */
  readonly expected: number
  /** The failure in the words of Docker Engine. */
  readonly reason: string

  constructor(
    reason: string,
    found: string,
    wanted: string,
    { actual, expected }: { readonly actual: number; readonly expected: number },
    options?: DrayageErrorOptions,
  ) {
    const message = `Cannot use image: ${reason}: found ${found}, expected ${wanted}`
    super('ERR_LAYER_COUNT', message, options)
    this.actual = actual
    this.expected = expected
    this.reason = reason
  }
}

/** Text that is not a platform. */
export class PlatformSyntaxError extends DrayageError<'ERR_PLATFORM_SYNTAX'> {
  override readonly name: string = 'PlatformSyntaxError'
  /** What the text should hold. */
  readonly wanted: string

  constructor(text: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super('ERR_PLATFORM_SYNTAX', `Cannot parse platform ${quote(text)}: found ${found}, expected ${wanted}`, options)
    this.wanted = wanted
  }
}

/** A manifest that cannot be written in the requested format. */
export class ManifestConversionError extends DrayageError<'ERR_MANIFEST_CONVERSION'> {
  override readonly name: string = 'ManifestConversionError'
  /** The requested format. */
  readonly format: 'oci' | 'v2s2' | 'v2s1'
  /** Where, such as `layers[0]`. */
  readonly path: string

  constructor(
    format: 'oci' | 'v2s2' | 'v2s1',
    path: string,
    found: string,
    wanted: string,
    options?: DrayageErrorOptions,
  ) {
    const message = `Cannot convert manifest to ${format}: found ${found}${at(path)}, expected ${wanted}`
    super('ERR_MANIFEST_CONVERSION', message, options)
    this.format = format
    this.path = path
  }
}

/** A schema 1 manifest that contradicts itself. */
export class Schema1Error extends DrayageError<'ERR_SCHEMA1'> {
  override readonly name: string = 'Schema1Error'
  /** Where, such as `history[0].v1Compatibility`; empty for the whole document. */
  readonly path: string
  /** The failure in the words of Docker Engine. */
  readonly reason: string

  constructor(reason: string, path: string, found: string, wanted: string, options?: DrayageErrorOptions) {
    super(
      'ERR_SCHEMA1',
      `Cannot use schema 1 manifest: ${escapeText(reason, 300)}: found ${found}${at(path)}, expected ${wanted}`,
      options,
    )
    this.path = path
    this.reason = reason
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
  | UnsupportedLayerError
  | LayerCountError
  | PlatformSyntaxError
  | ManifestConversionError
  | Schema1Error

/** Tells whether `value` is an error of this package, including one made by another installed copy. */
export const isManifestError: (value: unknown) => value is ManifestError = errorGuard<ManifestError>([
  'ERR_MANIFEST_SYNTAX',
  'ERR_MANIFEST_AMBIGUOUS',
  'ERR_MANIFEST_UNSUPPORTED',
  'ERR_MANIFEST_TOO_LARGE',
  'ERR_CONFIG_SYNTAX',
  'ERR_CONFIG_UNSUPPORTED',
  'ERR_LAYER_UNSUPPORTED',
  'ERR_LAYER_COUNT',
  'ERR_PLATFORM_SYNTAX',
  'ERR_MANIFEST_CONVERSION',
  'ERR_SCHEMA1',
])

function at(path: string): string {
  return path === '' ? '' : ` at ${quote(path)}`
}
