import { digestAlgorithm, digestOf, DigestMismatchError, type Digest } from '@drayage/digest'

import { runCodec, type Codec } from './codec.ts'
import type { Descriptor } from './descriptor.ts'
import { AmbiguousManifestError, ManifestSyntaxError, ManifestTooLargeError } from './errors.ts'
import { imageIndexCodec, type ImageIndex } from './image-index.ts'
import { imageManifestCodec, type ImageManifest } from './image-manifest.ts'
import { MAX_MANIFEST_BYTES } from './limits.ts'
import { MANIFEST_KEYS } from './manifest-keys.ts'
import { manifestType } from './manifest-type.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { parseObject } from './parse-json.ts'
import { schema1Payload } from './schema1-payload.ts'
import { schema1Codec, type Schema1Manifest } from './schema1.ts'

/** An image manifest: its identity, the bytes as they came, and what they say. */
export interface DecodedImageManifest {
  readonly kind: 'image'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageManifest
}

/** An index or manifest list: its identity, the bytes as they came, and what they say. */
export interface DecodedIndex {
  readonly kind: 'index'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageIndex
}

/** A schema 1 manifest: its identity, the bytes that have it, and what they say. */
export interface DecodedSchema1 {
  readonly kind: 'schema1'
  /** Of `bytes`. */
  readonly descriptor: Descriptor
  /** The bytes that were signed; those that came, when they are not signed or were asked for by their own digest. */
  readonly bytes: Uint8Array
  /** The bytes as they came. */
  readonly received: Uint8Array
  readonly value: Schema1Manifest
}

/** A manifest of any kind that this package knows. */
export type DecodedManifest = DecodedImageManifest | DecodedIndex | DecodedSchema1

/** What is known of a manifest before its bytes. */
export interface DecodeManifestOptions {
  /** The type it came with: a `Content-Type` header or the media type of a descriptor. */
  readonly mediaType?: string | undefined
  /** The digest it was asked for by. */
  readonly digest?: Digest | undefined
}

/**
 * Decodes the bytes of a manifest, of at most 4 MiB. The digest is checked first; the type they came with, the type they
 * say and the members they have must agree; a document that readers of different strictness would understand differently
 * is refused. Without any media type the members tell the kind.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX`
 * @throws AmbiguousManifestError `ERR_MANIFEST_AMBIGUOUS`
 * @throws UnsupportedManifestError `ERR_MANIFEST_UNSUPPORTED`
 * @see OCI image-spec v1.1.1, manifest.md and image-index.md
 */
export function decodeManifest(bytes: Uint8Array, options: DecodeManifestOptions = {}): DecodedManifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new ManifestTooLargeError('manifest', bytes.byteLength, MAX_MANIFEST_BYTES)
  }
  const actual = digestOf(bytes, options.digest === undefined ? 'sha256' : digestAlgorithm(options.digest))
  const matches = options.digest === undefined || options.digest === actual
  const document = parseObject(bytes, MANIFEST_KEYS)
  // Signed schema 1 is the one kind whose digest is not of the bytes that come; anything else is refused unread.
  if (!matches && !(document.ok && Array.isArray(document.value['signatures']))) throw mismatch(actual, options.digest)
  if (!document.ok) {
    if (document.kind === 'syntax' || document.kind === 'nesting') {
      throw new ManifestSyntaxError('', document.found, document.wanted, { cause: document.cause })
    }
    throw new AmbiguousManifestError(document.found, document.wanted)
  }
  const { kind, mediaType } = manifestType(document.value, options.mediaType)
  if (kind === 'schema1') return decodeSchema1(bytes, actual, mediaType, document.value, options.digest)
  if (!matches) throw mismatch(actual, options.digest)
  const descriptor: Descriptor = { mediaType, digest: actual, size: bytes.byteLength }
  return kind === 'index'
    ? { kind, descriptor, bytes, value: decode(imageIndexCodec, document.value) }
    : { kind, descriptor, bytes, value: decode(imageManifestCodec, document.value) }
}

function decodeSchema1(
  received: Uint8Array,
  actual: Digest,
  mediaType: string,
  document: Readonly<Record<string, unknown>>,
  wanted: Digest | undefined,
): DecodedSchema1 {
  const value = decode(schema1Codec, document)
  if (value.history.length !== value.fsLayers.length) {
    throw new ManifestSyntaxError(
      'history',
      `${value.history.length} items`,
      `${value.fsLayers.length}, as many as fsLayers`,
    )
  }
  if (value.signatures === undefined || actual === wanted) {
    if (wanted !== undefined && actual !== wanted) throw mismatch(actual, wanted)
    const descriptor: Descriptor = { mediaType, digest: actual, size: received.byteLength }
    return { kind: 'schema1', descriptor, bytes: received, received, value }
  }
  const bytes = schema1Payload(received, value.signatures)
  const digest = digestOf(bytes, wanted === undefined ? 'sha256' : digestAlgorithm(wanted))
  if (wanted !== undefined && digest !== wanted) throw mismatch(digest, wanted)
  return {
    kind: 'schema1',
    descriptor: { mediaType: MEDIA_TYPES.schema1, digest, size: bytes.byteLength },
    bytes,
    received,
    value,
  }
}

function decode<T>(codec: Codec<T>, document: Readonly<Record<string, unknown>>): T {
  const result = runCodec(codec, document)
  if (result.ok) return result.value
  throw new ManifestSyntaxError(result.misfit.path, result.misfit.found, result.misfit.wanted)
}

function mismatch(actual: Digest, expected: Digest | undefined): DigestMismatchError {
  return new DigestMismatchError(actual, expected ?? '')
}
