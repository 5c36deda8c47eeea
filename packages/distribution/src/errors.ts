import type { Descriptor, Platform } from '@drayage/manifest'

import { escapeText } from './escape-text.ts'

/** Codes of the errors of this package. */
export type DistributionErrorCode =
  | 'ERR_TRANSFER'
  | 'ERR_PLATFORM_NOT_FOUND'
  | 'ERR_NOT_AN_IMAGE'
  | 'ERR_IMAGE_MISMATCH'
  | 'ERR_PULL_DENIED'
  | 'ERR_PULL_NOT_FOUND'
  | 'ERR_DIGEST_CHANGE'
  | 'ERR_SPARSE_INDEX'
  | 'ERR_REFERRERS'

/** Which end of a transfer failed. */
export type TransferSide = 'source' | 'sink'

/** What was being done to the content when a transfer failed. */
export type TransferOperation = 'resolve' | 'fetch' | 'verify' | 'store' | 'tag' | 'register' | 'recompress'

/** A step of a transfer that failed; `cause` says why. */
export class TransferError extends Error {
  override readonly name: string = 'TransferError'
  readonly code: 'ERR_TRANSFER' = 'ERR_TRANSFER'
  readonly side: TransferSide
  readonly operation: TransferOperation
  /** What was on its way, such as `blob sha256:…`, or a quoted name. */
  readonly what: string

  constructor(side: TransferSide, operation: TransferOperation, what: string, cause: unknown) {
    super(`Cannot ${operation} ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.side = side
    this.operation = operation
    this.what = what
  }
}

/** Platforms that a message lists before it only counts the rest. */
const MAX_LISTED = 32

/** A platform as it came from the network, safe to show. */
const platformText = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].flatMap((part) => (part === undefined ? [] : [escapeText(part, 32)])).join('/')

function platformList(platforms: readonly Platform[]): string {
  if (platforms.length === 0) return 'no platform'
  const listed = platforms.slice(0, MAX_LISTED).map(platformText).join(', ')
  return platforms.length > MAX_LISTED ? `${listed} and ${platforms.length - MAX_LISTED} more` : listed
}

/** An index or image that does not offer the wanted platform. */
export class PlatformNotFoundError extends Error {
  override readonly name: string = 'PlatformNotFoundError'
  readonly code: 'ERR_PLATFORM_NOT_FOUND' = 'ERR_PLATFORM_NOT_FOUND'
  readonly wanted: Platform
  /** The platforms that are there, in the order of the index. */
  readonly available: readonly Platform[]

  constructor(what: string, wanted: Platform, available: readonly Platform[], options?: ErrorOptions) {
    super(
      `Cannot select an image of "${what}": no matching manifest for ${platformText(wanted)} in the manifest list entries, available: ${platformList(available)}`,
      options,
    )
    this.wanted = wanted
    this.available = available
  }
}

/** Content that is well-formed but is not a container image that can be pulled. */
export class NotAnImageError extends Error {
  override readonly name: string = 'NotAnImageError'
  readonly code: 'ERR_NOT_AN_IMAGE' = 'ERR_NOT_AN_IMAGE'
  /** What it is instead: a media type, or words when it has none that tells. */
  readonly found: string

  constructor(what: string, found: string, options?: ErrorOptions) {
    super(`Cannot use "${what}": found "${escapeText(found, 160)}", expected a container image`, options)
    this.found = found
  }
}

/** A manifest and a config that contradict each other, or ask for more layers than an image can have. */
export class ImageMismatchError extends Error {
  override readonly name: string = 'ImageMismatchError'
  readonly code: 'ERR_IMAGE_MISMATCH' = 'ERR_IMAGE_MISMATCH'

  constructor(manifest: Descriptor, problem: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot accept image ${manifest.digest}: ${problem}: found ${found}, expected ${wanted}`, options)
  }
}

/** The registry refuses to give the image to this user, or hides whether it exists. */
export class PullDeniedError extends Error {
  override readonly name: string = 'PullDeniedError'
  readonly code: 'ERR_PULL_DENIED' = 'ERR_PULL_DENIED'
}

/** The registry does not hold the image. */
export class PullNotFoundError extends Error {
  override readonly name: string = 'PullNotFoundError'
  readonly code: 'ERR_PULL_NOT_FOUND' = 'ERR_PULL_NOT_FOUND'
}

/** A copy that would give something another digest, where digests are to stay. */
export class DigestChangeError extends Error {
  override readonly name: string = 'DigestChangeError'
  readonly code: 'ERR_DIGEST_CHANGE' = 'ERR_DIGEST_CHANGE'

  /** @param reason what changes, such as `the index is made anew for the chosen platforms` */
  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`Cannot copy "${escapeText(what, 320)}": ${reason}, expected a copy that keeps its digests`, options)
  }
}

/** A sink that did not take an index without all that it lists; `cause` says why. */
export class SparseIndexError extends Error {
  override readonly name: string = 'SparseIndexError'
  readonly code: 'ERR_SPARSE_INDEX' = 'ERR_SPARSE_INDEX'
  readonly digest: string

  constructor(digest: string, cause: unknown) {
    const found = cause instanceof Error ? cause.message : String(cause)
    super(
      `Cannot store index ${digest} without all that it lists: ${found}, expected a sink that takes it, or a rewritten index`,
      { cause },
    )
    this.digest = digest
  }
}

/** A side of a copy that knows nothing of referrers, although they are to go along. */
export class ReferrersError extends Error {
  override readonly name: string = 'ReferrersError'
  readonly code: 'ERR_REFERRERS' = 'ERR_REFERRERS'
  readonly side: TransferSide

  constructor(side: TransferSide, what: string, options?: ErrorOptions) {
    const found = side === 'source' ? 'a source that does not list them' : 'a sink that does not keep them'
    super(`Cannot copy referrers of "${escapeText(what, 320)}": found ${found}, expected one that does`, options)
    this.side = side
  }
}

/** Any error of this package. */
export type DistributionError =
  | TransferError
  | PlatformNotFoundError
  | NotAnImageError
  | ImageMismatchError
  | PullDeniedError
  | PullNotFoundError
  | DigestChangeError
  | SparseIndexError
  | ReferrersError

const CODES: readonly string[] = [
  'ERR_TRANSFER',
  'ERR_PLATFORM_NOT_FOUND',
  'ERR_NOT_AN_IMAGE',
  'ERR_IMAGE_MISMATCH',
  'ERR_PULL_DENIED',
  'ERR_PULL_NOT_FOUND',
  'ERR_DIGEST_CHANGE',
  'ERR_SPARSE_INDEX',
  'ERR_REFERRERS',
] satisfies DistributionErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isDistributionError(value: unknown): value is DistributionError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
