import { DrayageError, errorGuard, escapeText, quote, type DrayageErrorOptions } from '@drayage/bytes'
import type { Descriptor, Platform } from '@drayage/manifest'

/** Codes of the errors of this package. */
export type DistributionErrorCode =
  | 'ERR_TRANSFER'
  | 'ERR_PLATFORM_NOT_FOUND'
  | 'ERR_NOT_AN_IMAGE'
  | 'ERR_IMAGE_MISMATCH'
  | 'ERR_SYSTEM_UNSUPPORTED'
  | 'ERR_PULL_DENIED'
  | 'ERR_PULL_NOT_FOUND'
  | 'ERR_DIGEST_CHANGE'
  | 'ERR_SPARSE_INDEX'
  | 'ERR_REFERRERS'
  | 'ERR_PLACE_UNKNOWN'
  | 'ERR_SCHEMA1_REFUSED'
  | 'ERR_SCHEMA1_NOT_TAKEN'

/** Which end of a transfer failed. */
export type TransferSide = 'source' | 'sink'

/** What was being done to the content when a transfer failed. */
export type TransferOperation = 'resolve' | 'fetch' | 'verify' | 'store' | 'tag' | 'register' | 'recompress'

/** A step of a transfer that failed; `cause` says why. */
export class TransferError extends DrayageError<'ERR_TRANSFER'> {
  override readonly name: string = 'TransferError'
  readonly side: TransferSide
  readonly operation: TransferOperation
  /** What was on its way, such as `blob sha256:…`, or a quoted name. */
  readonly what: string

  constructor(side: TransferSide, operation: TransferOperation, what: string, cause: unknown) {
    const where = side === 'source' ? 'from the source' : 'at the target'
    const why = cause instanceof Error ? cause.message : String(cause)
    super('ERR_TRANSFER', `Cannot ${operation} ${what} ${where}: ${why}`, { cause })
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
export class PlatformNotFoundError extends DrayageError<'ERR_PLATFORM_NOT_FOUND'> {
  override readonly name: string = 'PlatformNotFoundError'
  readonly wanted: Platform
  /** The platforms that are there, in the order of the index. */
  readonly available: readonly Platform[]
  /** The failure in the words of Docker Engine. */
  readonly reason: string

  constructor(what: string, wanted: Platform, available: readonly Platform[], options?: DrayageErrorOptions) {
    const found = `available: ${platformList(available)}`
    const reason = `no matching manifest for ${platformText(wanted)} in the manifest list entries, ${found}`
    super('ERR_PLATFORM_NOT_FOUND', `Cannot select an image of "${what}": ${reason}`, options)
    this.reason = reason
    this.wanted = wanted
    this.available = available
  }
}

/** Content that is well-formed but is not a container image that can be pulled. */
export class NotAnImageError extends DrayageError<'ERR_NOT_AN_IMAGE'> {
  override readonly name: string = 'NotAnImageError'
  /** What it is instead: a media type, or words when it has none that tells. */
  readonly found: string

  constructor(what: string, found: string, options?: DrayageErrorOptions) {
    super(
      'ERR_NOT_AN_IMAGE',
      `Cannot use "${what}": found "${escapeText(found, 160)}", expected a container image`,
      options,
    )
    this.found = found
  }
}

/** A schema 1 manifest where only later formats are taken; it was not looked at. */
export class Schema1RefusedError extends DrayageError<'ERR_SCHEMA1_REFUSED'> {
  override readonly name: string = 'Schema1RefusedError'
  /** The failure in the words of Docker Engine. */
  readonly reason: string = 'invalid manifest: not schema2'

  constructor(what: string, options?: DrayageErrorOptions) {
    const hint = 'Ask its author for an image in schema 2 or OCI, or allow schema 1.'
    super('ERR_SCHEMA1_REFUSED', `Cannot use "${what}": invalid manifest: not schema2`, { hint, ...options })
  }
}

/** A schema 1 manifest that the target does not take as it is; `cause` is the target's answer, where it was asked. */
export class Schema1NotTakenError extends DrayageError<'ERR_SCHEMA1_NOT_TAKEN'> {
  override readonly name: string = 'Schema1NotTakenError'

  constructor(what: Descriptor, options?: DrayageErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : ''
    const message = `Cannot store manifest ${what.digest} at the target: it takes no schema 1${why}`
    super('ERR_SCHEMA1_NOT_TAKEN', message, { hint: 'Convert it to schema 2 or OCI.', ...options })
  }
}

/** A manifest and a config that contradict each other, or ask for more layers than an image can have. */
export class ImageMismatchError extends DrayageError<'ERR_IMAGE_MISMATCH'> {
  override readonly name: string = 'ImageMismatchError'
  /** The failure in the words of Docker Engine. */
  readonly reason: string

  /** @param options `reason`: what Docker Engine says; `problem` by default */
  constructor(
    manifest: Descriptor,
    problem: string,
    found: string,
    wanted: string,
    options?: DrayageErrorOptions & { readonly reason?: string },
  ) {
    super(
      'ERR_IMAGE_MISMATCH',
      `Cannot accept image ${manifest.digest}: ${problem}: found ${found}, expected ${wanted}`,
      options,
    )
    this.reason = options?.reason ?? problem
  }
}

/** An image for an operating system that is not the one asked of all images. */
export class UnsupportedSystemError extends DrayageError<'ERR_SYSTEM_UNSUPPORTED'> {
  override readonly name: string = 'UnsupportedSystemError'
  /** As the image names it; hostile until escaped. */
  readonly system: string
  readonly wanted: string
  /** Whether the system was asked for, while the image itself is for the wanted one. */
  readonly isAsked: boolean

  constructor(
    what: string,
    { system, wanted, isAsked }: { readonly system: string; readonly wanted: string; readonly isAsked: boolean },
    options?: DrayageErrorOptions,
  ) {
    const found = `${isAsked ? 'a wish for ' : ''}operating system ${quote(system, 64)}`
    super('ERR_SYSTEM_UNSUPPORTED', `Cannot accept ${what}: found ${found}, expected ${quote(wanted, 64)}`, options)
    this.system = system
    this.wanted = wanted
    this.isAsked = isAsked
  }
}

/** The registry refuses to give the image to this user, or hides whether it exists. */
export class PullDeniedError extends DrayageError<'ERR_PULL_DENIED'> {
  override readonly name: string = 'PullDeniedError'
  /** The failure in the words of Docker Engine, without the answer of the registry. */
  readonly reason: string

  /** @param answer what the registry answered */
  constructor(reference: string, reason: string, answer: string, options?: DrayageErrorOptions) {
    super('ERR_PULL_DENIED', `Cannot pull "${reference}": ${reason}: ${answer}`, options)
    this.reason = reason
  }
}

/** The registry does not hold the image. */
export class PullNotFoundError extends DrayageError<'ERR_PULL_NOT_FOUND'> {
  override readonly name: string = 'PullNotFoundError'
  /** The failure in the words of Docker Engine, without the answer of the registry. */
  readonly reason: string

  /** @param answer what the registry answered */
  constructor(reference: string, reason: string, answer: string, options?: DrayageErrorOptions) {
    super('ERR_PULL_NOT_FOUND', `Cannot pull "${reference}": ${reason}: ${answer}`, options)
    this.reason = reason
  }
}

/** A copy that would give something another digest, where digests are to stay. */
export class DigestChangeError extends DrayageError<'ERR_DIGEST_CHANGE'> {
  override readonly name: string = 'DigestChangeError'

  /** @param reason what changes, such as `the index is made anew for the chosen platforms` */
  constructor(what: string, reason: string, options?: DrayageErrorOptions) {
    super(
      'ERR_DIGEST_CHANGE',
      `Cannot copy "${escapeText(what, 320)}": ${reason}, expected a copy that keeps its digests`,
      options,
    )
  }
}

/** A sink that did not take an index without all that it lists; `cause` says why. */
export class SparseIndexError extends DrayageError<'ERR_SPARSE_INDEX'> {
  override readonly name: string = 'SparseIndexError'
  readonly digest: string

  constructor(digest: string, cause: unknown) {
    const found = cause instanceof Error ? cause.message : String(cause)
    super(
      'ERR_SPARSE_INDEX',
      `Cannot store index ${digest} without all that it lists: ${found}, expected a sink that takes it, or a rewritten index`,
      { cause },
    )
    this.digest = digest
  }
}

/** A side of a copy that knows nothing of referrers, although they are to go along. */
export class ReferrersError extends DrayageError<'ERR_REFERRERS'> {
  override readonly name: string = 'ReferrersError'
  readonly side: TransferSide

  constructor(side: TransferSide, what: string, options?: DrayageErrorOptions) {
    const found = side === 'source' ? 'a source that does not list them' : 'a sink that does not keep them'
    super(
      'ERR_REFERRERS',
      `Cannot copy referrers of "${escapeText(what, 320)}": found ${found}, expected one that does`,
      options,
    )
    this.side = side
  }
}

/** Text that names no place of a known kind; `hint` names the nearest. */
export class UnknownPlaceError extends DrayageError<'ERR_PLACE_UNKNOWN'> {
  override readonly name: string = 'UnknownPlaceError'
  /** The place as it was written. */
  readonly place: string

  constructor(place: string, options?: DrayageErrorOptions) {
    super(
      'ERR_PLACE_UNKNOWN',
      `Cannot find a place by ${quote(place, 160)}: no known prefix, and no image of a registry`,
      options,
    )
    this.place = place
  }
}

/** Any error of this package. */
export type DistributionError =
  | TransferError
  | PlatformNotFoundError
  | NotAnImageError
  | ImageMismatchError
  | UnsupportedSystemError
  | PullDeniedError
  | PullNotFoundError
  | DigestChangeError
  | SparseIndexError
  | ReferrersError
  | UnknownPlaceError
  | Schema1RefusedError
  | Schema1NotTakenError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isDistributionError: (value: unknown) => value is DistributionError = errorGuard<DistributionError>([
  'ERR_TRANSFER',
  'ERR_PLATFORM_NOT_FOUND',
  'ERR_NOT_AN_IMAGE',
  'ERR_IMAGE_MISMATCH',
  'ERR_SYSTEM_UNSUPPORTED',
  'ERR_PULL_DENIED',
  'ERR_PULL_NOT_FOUND',
  'ERR_DIGEST_CHANGE',
  'ERR_SPARSE_INDEX',
  'ERR_REFERRERS',
  'ERR_PLACE_UNKNOWN',
  'ERR_SCHEMA1_REFUSED',
  'ERR_SCHEMA1_NOT_TAKEN',
])
