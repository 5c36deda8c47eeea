import { digestAlgorithm, digestOf, DigestMismatchError, type Digest } from '@drayage/digest'

import { runCodec, type Codec } from '../json/codec.ts'
import type { Descriptor } from '../descriptor.ts'
import { AmbiguousManifestError, ManifestSyntaxError, ManifestTooLargeError, Schema1Error } from '../errors.ts'
import { imageIndexCodec, type ImageIndex } from './image-index.ts'
import { imageManifestCodec, type ImageManifest } from './image-manifest.ts'
import { MAX_MANIFEST_BYTES } from '../limits.ts'
import { MANIFEST_KEYS } from '../json/keys.ts'
import { manifestType } from './manifest-type.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { parseObject } from '../json/parse-object.ts'
import { isSigned, payloadOf } from '../schema1/payload.ts'
import { schema1Codec, type Schema1Manifest } from '../schema1/schema1.ts'

/** An image manifest: its identity, its bytes as received, and their value. */
export interface DecodedImageManifest {
  readonly kind: 'image'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageManifest
}

/** An index or manifest list: its identity, its bytes as received, and their value. */
export interface DecodedIndex {
  readonly kind: 'index'
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly value: ImageIndex
}

/** A schema 1 manifest: its identity, the bytes with that identity, and their value. */
export interface DecodedSchema1 {
  readonly kind: 'schema1'
  /** Of `bytes`. */
  readonly descriptor: Descriptor
  /** The signed bytes; the received ones when unsigned or when requested by their own digest. */
  readonly bytes: Uint8Array
  /** The bytes as received. */
  readonly received: Uint8Array
  /** Whether `received` has signatures; they are not verified. */
  readonly isSigned: boolean
  /** Of the signed bytes. */
  readonly value: Schema1Manifest
}

/** A manifest of any kind that this package knows. */
export type DecodedManifest = DecodedImageManifest | DecodedIndex | DecodedSchema1

/** What is known about a manifest before it is decoded. */
export interface DecodeManifestOptions {
  /** The type it was served with: a `Content-Type` header or the media type of a descriptor. */
  readonly mediaType?: string | undefined
  /** The digest by which it was requested. */
  readonly digest?: Digest | undefined
  /** Whether names of members may be written in any case, as Go reads them; `false` by default. */
  readonly anyCase?: boolean | undefined
}

/**
 * Decodes a manifest of at most 4 MiB. The digest is checked first. The type it was served with, the type it states and its
 * members must agree; without any media type the members decide the kind. A document that lenient and strict readers would
 * understand differently is refused.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX`
 * @throws AmbiguousManifestError `ERR_MANIFEST_AMBIGUOUS`
 * @throws UnsupportedManifestError `ERR_MANIFEST_UNSUPPORTED`
 * @throws Schema1Error `ERR_SCHEMA1`
 * @see OCI image-spec v1.1.1, manifest.md and image-index.md
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { digestOf } from '@drayage/digest'
 * import { decodeManifest, encodeManifest } from '@drayage/manifest'
 *
 * const bytes = encodeManifest({ schemaVersion: 2, manifests: [] })
 * const index = decodeManifest(bytes, { digest: digestOf(bytes) })
 * assert.equal(index.kind, 'index')
 * assert.equal(index.descriptor.mediaType, 'application/vnd.oci.image.index.v1+json')
 * ```
 */
export function decodeManifest(bytes: Uint8Array, options: DecodeManifestOptions = {}): DecodedManifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new ManifestTooLargeError('manifest', bytes.byteLength, MAX_MANIFEST_BYTES)
  }
  const actual = digestOf(bytes, options.digest === undefined ? 'sha256' : digestAlgorithm(options.digest))
  const matches = options.digest === undefined || options.digest === actual
  const document = parseObject(bytes, MANIFEST_KEYS, options)
  // Only signed schema 1 may have another digest than its bytes; anything else is refused before it is decoded.
  if (!matches && !(document.ok && isSigned(document.value))) throw mismatch(actual, options.digest)
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

/** The digest is compared before anything else is looked at; what is decoded is what it stands for. */
function decodeSchema1(
  received: Uint8Array,
  actual: Digest,
  mediaType: string,
  document: Readonly<Record<string, unknown>>,
  wanted: Digest | undefined,
): DecodedSchema1 {
  if (!isSigned(document)) {
    if (wanted !== undefined && actual !== wanted) throw mismatch(actual, wanted)
    const descriptor: Descriptor = { mediaType, digest: actual, size: received.byteLength }
    return { kind: 'schema1', descriptor, bytes: received, received, isSigned: false, value: schema1Value(document) }
  }
  let payload: Uint8Array
  try {
    payload = payloadOf(received, document)
  } catch (cause) {
    // Bytes that are not what they were asked for by are damaged, however they read.
    throw wanted === undefined || actual === wanted ? cause : mismatch(actual, wanted, { cause })
  }
  const digest = digestOf(payload, wanted === undefined ? 'sha256' : digestAlgorithm(wanted))
  // Some ask for it by the digest of all its bytes.
  const isWhole = actual === wanted
  if (wanted !== undefined && digest !== wanted && !isWhole) throw mismatch(digest, wanted)
  const signed = parseObject(payload, MANIFEST_KEYS)
  if (!signed.ok) throw new Schema1Error('invalid payload', 'signatures', signed.found, signed.wanted)
  // The payload is a document of its own: what it is must not depend on which of the two is read.
  manifestType(signed.value, mediaType)
  const parts = { kind: 'schema1', received, isSigned: true, value: schema1Value(signed.value) } as const
  return isWhole
    ? { ...parts, descriptor: { mediaType, digest: actual, size: received.byteLength }, bytes: received }
    : { ...parts, descriptor: { mediaType: MEDIA_TYPES.schema1, digest, size: payload.byteLength }, bytes: payload }
}

function schema1Value(document: Readonly<Record<string, unknown>>): Schema1Manifest {
  const { schemaVersion } = document
  if (schemaVersion !== 1) {
    const found = typeof schemaVersion === 'number' ? schemaVersion : 0
    throw new Schema1Error(`unsupported schema version ${found}`, 'schemaVersion', String(found), '1')
  }
  const decoded = runCodec(schema1Codec, document)
  if (!decoded.ok) {
    const { path, found, wanted } = decoded.misfit
    if (!path.endsWith('.blobSum')) throw new ManifestSyntaxError(path, found, wanted)
    throw new Schema1Error(`could not validate layer digest ${found}`, path, found, wanted)
  }
  const value: Schema1Manifest = { ...decoded.value, schemaVersion }
  const [layers, steps] = [value.fsLayers.length, value.history.length]
  if (layers !== steps) {
    const reason = 'length of history not equal to number of layers'
    throw new Schema1Error(reason, 'history', `${steps} items`, `${layers}, as many as fsLayers`)
  }
  if (layers === 0) throw new Schema1Error('no FSLayers in manifest', 'fsLayers', 'nothing', 'at least one layer')
  return value
}

function decode<T>(codec: Codec<T>, document: Readonly<Record<string, unknown>>): T {
  const result = runCodec(codec, document)
  if (result.ok) return result.value
  throw new ManifestSyntaxError(result.misfit.path, result.misfit.found, result.misfit.wanted)
}

function mismatch(actual: Digest, expected: Digest | undefined, options?: ErrorOptions): DigestMismatchError {
  return new DigestMismatchError(actual, expected ?? '', options)
}
