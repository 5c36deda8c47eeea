import { digestAlgorithm, digestOf, DigestMismatchError, type Digest } from '@drayage/digest'

import { runCodec } from './codec.ts'
import type { Descriptor } from './descriptor.ts'
import { ImageConfigSyntaxError, ManifestTooLargeError } from './errors.ts'
import { imageConfigCodec, type ImageConfig, type RootFs } from './image-config.ts'
import { MAX_MANIFEST_BYTES } from './limits.ts'
import { IMAGE_CONFIG_KEYS } from './manifest-keys.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { parseObject } from './parse-json.ts'

/** An image config: its identity, the bytes as they came, and what they say. */
export interface DecodedImageConfig {
  readonly kind: 'config'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageConfig
}

/** What is known of an image config before its bytes. */
export interface DecodeImageConfigOptions {
  /** The media type of its descriptor, which decides nothing; that of an OCI image config by default. */
  readonly mediaType?: string | undefined
  /** The digest it was asked for by. */
  readonly digest?: Digest | undefined
}

/**
 * Decodes the bytes of an image config, of at most 4 MiB. The digest is checked first. Nothing is required to be there:
 * see {@link requireRootFs} for what an image needs to run.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX`
 * @see OCI image-spec v1.1.1, config.md
 */
export function decodeImageConfig(bytes: Uint8Array, options: DecodeImageConfigOptions = {}): DecodedImageConfig {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new ManifestTooLargeError('image config', bytes.byteLength, MAX_MANIFEST_BYTES)
  }
  const digest = digestOf(bytes, options.digest === undefined ? 'sha256' : digestAlgorithm(options.digest))
  if (options.digest !== undefined && digest !== options.digest) throw new DigestMismatchError(digest, options.digest)
  const document = parseObject(bytes, IMAGE_CONFIG_KEYS)
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
 * The layers that an image's config lists.
 *
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX` when it has no `rootfs`, as the config of an artifact
 */
export function requireRootFs(config: ImageConfig): RootFs {
  if (config.rootfs === undefined) throw new ImageConfigSyntaxError('rootfs', 'nothing', 'the layers of an image')
  return config.rootfs
}
