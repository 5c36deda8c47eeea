import { digestAlgorithm, digestOf, DigestMismatchError, type Digest } from '@drayage/digest'

import { runCodec } from '../json/codec.ts'
import type { Descriptor } from '../descriptor.ts'
import { ImageConfigSyntaxError, ManifestTooLargeError } from '../errors.ts'
import { imageConfigCodec, type ImageConfig, type RootFs } from './image-config.ts'
import { MAX_MANIFEST_BYTES } from '../limits.ts'
import { IMAGE_CONFIG_KEYS } from '../json/keys.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { parseObject } from '../json/parse-object.ts'

/** An image config: its identity, its bytes as received, and their value. */
export interface DecodedImageConfig {
  readonly kind: 'config'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageConfig
}

/** What is known about an image config before it is decoded. */
export interface DecodeImageConfigOptions {
  /** The media type of its descriptor, which decides nothing; an OCI image config's by default. */
  readonly mediaType?: string | undefined
  /** The digest by which it was requested. */
  readonly digest?: Digest | undefined
  /**
   * Whether names of members may be written in any case, as Go reads them; `false` by default. What comes from a registry
   * has to mean the same to every reader; what a user has in a file is read as Docker Engine would.
   */
  readonly anyCase?: boolean | undefined
}

/**
 * Decodes an image config of at most 4 MiB. The digest is checked first. No member is required: see {@link requireRootFs} for
 * what an image needs to run.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX`
 * @see OCI image-spec v1.1.1, config.md
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { encodeText } from '@drayage/bytes'
 * import { decodeImageConfig } from '@drayage/manifest'
 *
 * const { value } = decodeImageConfig(encodeText('{"os":"linux","architecture":"arm64","config":{"Cmd":null}}'))
 * assert.equal(value.architecture, 'arm64')
 * assert.equal(value.config?.Cmd, undefined)
 * ```
 */
export function decodeImageConfig(bytes: Uint8Array, options: DecodeImageConfigOptions = {}): DecodedImageConfig {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new ManifestTooLargeError('image config', bytes.byteLength, MAX_MANIFEST_BYTES)
  }
  const digest = digestOf(bytes, options.digest === undefined ? 'sha256' : digestAlgorithm(options.digest))
  if (options.digest !== undefined && digest !== options.digest) throw new DigestMismatchError(digest, options.digest)
  const document = parseObject(bytes, IMAGE_CONFIG_KEYS, options)
  if (!document.ok) throw new ImageConfigSyntaxError('', document.found, document.wanted, { cause: document.cause })
  const result = runCodec(imageConfigCodec, document.value)
  if (!result.ok) throw new ImageConfigSyntaxError(result.misfit.path, result.misfit.found, result.misfit.wanted)
  const descriptor: Descriptor = {
    mediaType: options.mediaType ?? MEDIA_TYPES.ociConfig,
    digest,
    size: bytes.byteLength,
  }
  return { kind: 'config', descriptor, bytes, value: result.value }
}

/**
 * The layers listed in an image's config.
 *
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX` when it has no `rootfs`, like the config of an artifact
 */
export function requireRootFs(config: ImageConfig): RootFs {
  if (config.rootfs === undefined) throw new ImageConfigSyntaxError('rootfs', 'nothing', 'the layers of an image')
  return config.rootfs
}
