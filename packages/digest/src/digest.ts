import { quote } from '@drayage/bytes'

import { DigestSyntaxError } from './errors.ts'

declare const brand: unique symbol

/**
 * The identity of content: `algorithm:hex`, with a supported algorithm and its exact number of lower-case hex digits. Only
 * {@link parseDigest}, {@link isDigest} and the functions that compute one produce a value of this type.
 *
 * @see OCI image-spec v1.1.1, descriptor.md, "Digests"
 */
export type Digest = string & { readonly [brand]: 'Digest' }

/** The digest of a layer's uncompressed tar. @see OCI image-spec v1.1.1, config.md, "Layer DiffID" */
export type DiffId = string & { readonly [brand]: 'DiffId' }

/** The identity of a layer together with all layers below it. @see OCI image-spec v1.1.1, config.md, "Layer ChainID" */
export type ChainId = string & { readonly [brand]: 'ChainId' }

/** The digest of an image's config. @see OCI image-spec v1.1.1, config.md, "ImageID" */
export type ImageId = string & { readonly [brand]: 'ImageId' }

/** The supported hash algorithms and the length of their digests in hex digits. */
export const DIGEST_HEX_LENGTHS: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 }

/** A supported hash algorithm. */
export type DigestAlgorithm = 'sha256' | 'sha512'

/** The outcome of {@link tryParseDigest}. */
export type DigestResult =
  | { readonly ok: true; readonly value: Digest }
  | { readonly ok: false; readonly error: DigestSyntaxError }

/** Parses `text` as a digest, and returns a failure instead of throwing it. */
export function tryParseDigest(text: string): DigestResult {
  const fail = (found: string, wanted: string, offset: number): DigestResult => ({
    ok: false,
    error: new DigestSyntaxError(text, found, wanted, offset),
  })
  const colon = text.indexOf(':')
  if (colon < 0) return fail('no colon', '<algorithm>:<hex>', text.length)
  const algorithm = text.slice(0, colon)
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    return fail(`algorithm ${quote(algorithm)}`, 'sha256 or sha512', 0)
  }
  const wanted = DIGEST_HEX_LENGTHS[algorithm]
  const length = text.length - colon - 1
  if (length !== wanted) return fail(`${length} hex digits`, String(wanted), colon + 1)
  for (let index = colon + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const isHex = (code >= 48 && code <= 57) || (code >= 97 && code <= 102)
    if (!isHex) return fail(`${quote(text.charAt(index))} at offset ${index}`, 'a lower-case hex digit', index)
  }
  return { ok: true, value: text as Digest }
}

/**
 * Parses `text` as a digest.
 *
 * @throws DigestSyntaxError `ERR_DIGEST_SYNTAX`
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { digestHex, digestOf, isDigestError, parseDigest } from '@drayage/digest'
 *
 * assert.equal(digestHex(parseDigest(digestOf('cargo'))).length, 64)
 * assert.throws(() => parseDigest('sha256:../../etc/passwd'), isDigestError)
 * ```
 */
export function parseDigest(text: string): Digest {
  const result = tryParseDigest(text)
  if (!result.ok) throw result.error
  return result.value
}

/** The digests that {@link tryParseDigest} takes. */
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Tells whether `value` is a digest. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value)
}

/** Parses `text` as a DiffID. @throws DigestSyntaxError `ERR_DIGEST_SYNTAX` */
export function parseDiffId(text: string): DiffId {
  return parseDigest(text) as string as DiffId
}

/** Parses `text` as a ChainID. @throws DigestSyntaxError `ERR_DIGEST_SYNTAX` */
export function parseChainId(text: string): ChainId {
  return parseDigest(text) as string as ChainId
}

/** Parses `text` as an image ID. @throws DigestSyntaxError `ERR_DIGEST_SYNTAX` */
export function parseImageId(text: string): ImageId {
  return parseDigest(text) as string as ImageId
}

/** The algorithm of a digest of any kind. */
export function digestAlgorithm(digest: Digest | DiffId | ChainId | ImageId): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The hex digits of a digest of any kind. */
export function digestHex(digest: Digest | DiffId | ChainId | ImageId): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** The first 12 hex digits, as tools show them. */
export function shortHex(digest: Digest | DiffId | ChainId | ImageId): string {
  return digestHex(digest).slice(0, 12)
}
