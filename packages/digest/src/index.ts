/**
 * Content digests: parse, compute and verify, incrementally and over streams.
 *
 * On Node hashing runs in OpenSSL; in browsers, Deno and edge workers it runs in JavaScript.
 *
 * @packageDocumentation
 */
export type { ChainId, DiffId, Digest, DigestAlgorithm, DigestResult, ImageId } from './digest.ts'
export type { DigestError, DigestErrorCode } from './errors.ts'
export type { ExpectedContent } from './verify.ts'
export type { Hasher } from './hasher.ts'

export { chainId, chainIds } from './chain-id.ts'
export {
  DIGEST_HEX_LENGTHS,
  digestAlgorithm,
  digestHex,
  isDigest,
  parseChainId,
  parseDiffId,
  parseDigest,
  parseImageId,
  shortHex,
  tryParseDigest,
} from './digest.ts'
export { DigestMismatchError, DigestSyntaxError, isDigestError, LongContentError, ShortContentError } from './errors.ts'
export { createHasher, digestOf, digestOfStream } from './hasher.ts'
export { verify, verifyBytes } from './verify.ts'
