/** Codes of the errors of this package. */
export type RegistryErrorCode =
  | 'ERR_REGISTRY'
  | 'ERR_REGISTRY_UNAUTHORIZED'
  | 'ERR_REGISTRY_DENIED'
  | 'ERR_REGISTRY_NOT_FOUND'
  | 'ERR_REGISTRY_RATE_LIMITED'
  | 'ERR_REGISTRY_UNSUPPORTED'
  | 'ERR_REGISTRY_DIGEST_REFUSED'
  | 'ERR_REGISTRY_UPLOAD'
  | 'ERR_REGISTRY_UNREACHABLE'
  | 'ERR_REGISTRY_TRUNCATED'
  | 'ERR_REGISTRY_PROTOCOL'
  | 'ERR_REGISTRY_LISTING'
  | 'ERR_REGISTRY_MIRROR'
  | 'ERR_URL_REFUSED'
  | 'ERR_CHALLENGE_SYNTAX'

/** What every error of a request says. */
export interface RequestFacts {
  readonly method: string
  /** Redacted: no user-info, no query values. */
  readonly url: string
}

/** What {@link RegistryError} says. */
export interface AnswerFacts extends RequestFacts {
  readonly status: number
  readonly codes: readonly string[]
  readonly retryable: boolean
  readonly retryAfterMs?: number | undefined
  /** What the registry says, quoted. */
  readonly said?: string | undefined
}

/** An answer that is an error. @see OCI distribution-spec v1.1.1, "Error Codes" */
export class RegistryError extends Error {
  override readonly name: string = 'RegistryError'
  readonly code: RegistryErrorCode = 'ERR_REGISTRY'
  readonly method: string
  /** Redacted. */
  readonly url: string
  /** The HTTP status. */
  readonly status: number
  /** The codes of the specification that the registry gave, such as `MANIFEST_UNKNOWN`, in its order. */
  readonly codes: readonly string[]
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** How long the registry asks to wait, at most 120 000. */
  readonly retryAfterMs: number | undefined
  /** What the registry says, quoted, without what could change a terminal. */
  readonly said: string | undefined

  constructor(facts: AnswerFacts, options?: ErrorOptions) {
    const codes = facts.codes.length > 0 ? ` ${facts.codes.join(', ')}` : ''
    const said = facts.said === undefined ? '' : ` ${facts.said}`
    super(
      `Cannot ${facts.method} "${facts.url}": the answer is ${facts.status}${codes}${said}, expected success`,
      options,
    )
    this.method = facts.method
    this.url = facts.url
    this.status = facts.status
    this.codes = facts.codes
    this.retryable = facts.retryable
    this.retryAfterMs = facts.retryAfterMs
    this.said = facts.said
  }
}

/** The registry, or its token server, wants other credentials (401). */
export class RegistryUnauthorizedError extends RegistryError {
  override readonly name: string = 'RegistryUnauthorizedError'
  override readonly code: 'ERR_REGISTRY_UNAUTHORIZED' = 'ERR_REGISTRY_UNAUTHORIZED'
}

/** The credentials, or their absence, do not allow this (403, or 401 with `insufficient_scope`). */
export class RegistryDeniedError extends RegistryError {
  override readonly name: string = 'RegistryDeniedError'
  override readonly code: 'ERR_REGISTRY_DENIED' = 'ERR_REGISTRY_DENIED'
}

/** The registry does not have it (404). */
export class RegistryNotFoundError extends RegistryError {
  override readonly name: string = 'RegistryNotFoundError'
  override readonly code: 'ERR_REGISTRY_NOT_FOUND' = 'ERR_REGISTRY_NOT_FOUND'
}

/** Too many requests (429). */
export class RegistryRateLimitedError extends RegistryError {
  override readonly name: string = 'RegistryRateLimitedError'
  override readonly code: 'ERR_REGISTRY_RATE_LIMITED' = 'ERR_REGISTRY_RATE_LIMITED'
}

/** The registry does not do this, such as deleting a tag and not its manifest. */
export class RegistryUnsupportedError extends RegistryError {
  override readonly name: string = 'RegistryUnsupportedError'
  override readonly code: 'ERR_REGISTRY_UNSUPPORTED' = 'ERR_REGISTRY_UNSUPPORTED'
}

/** The registry got other bytes than those of the digest, and dropped them. Whoever is sure of the bytes sends all again. */
export class RegistryDigestRefusedError extends RegistryError {
  override readonly name: string = 'RegistryDigestRefusedError'
  override readonly code: 'ERR_REGISTRY_DIGEST_REFUSED' = 'ERR_REGISTRY_DIGEST_REFUSED'
}

/**
 * Why an upload has to go on with another request: the registry took a part of the bytes (`partial`), forgot the upload
 * (`session-lost`), takes only smaller requests (`too-large`) or wanted a new token meanwhile (`unauthorized`).
 */
export type UploadInterruption = 'partial' | 'session-lost' | 'too-large' | 'unauthorized'

/** An upload that stopped and can go on at once, after the bytes that the registry has. */
export class RegistryUploadError extends Error {
  override readonly name: string = 'RegistryUploadError'
  readonly code: 'ERR_REGISTRY_UPLOAD' = 'ERR_REGISTRY_UPLOAD'
  readonly method: string
  /** Redacted. */
  readonly url: string
  readonly reason: UploadInterruption
  /** Bytes that the registry has; the upload goes on after them. */
  readonly actualBytes: number
  /** Bytes that it should have by now. */
  readonly expectedBytes: number
  readonly retryable = true
  /** There is nothing to wait for: the upload can go on at once. */
  readonly retryAfterMs = 0

  constructor(
    facts: RequestFacts,
    reason: UploadInterruption,
    actualBytes: number,
    expectedBytes: number,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot ${facts.method} "${facts.url}": the upload stops (${reason}) at byte ${actualBytes}, expected ${expectedBytes}`,
      options,
    )
    this.method = facts.method
    this.url = facts.url
    this.reason = reason
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/** Why a registry cannot be reached. The `tls-` reasons and `headers` do not pass by themselves, the others may. */
export type UnreachableReason =
  | 'dns'
  | 'refused'
  | 'no-route'
  | 'connect-timeout'
  | 'headers-timeout'
  | 'stalled'
  | 'reset'
  | 'protocol'
  | 'headers'
  | 'proxy'
  | 'tls-expired'
  | 'tls-host'
  | 'tls-untrusted'
  | 'tls-client-certificate'
  | 'tls'
  | 'other'

/** What {@link RegistryUnreachableError} says. */
export interface UnreachableFacts extends RequestFacts {
  readonly reason: UnreachableReason
  readonly host: string
  readonly retryable: boolean
  readonly address?: string | undefined
  readonly errno?: string | undefined
}

/** There is no answer, or it broke off. */
export class RegistryUnreachableError extends Error {
  override readonly name: string = 'RegistryUnreachableError'
  readonly code: 'ERR_REGISTRY_UNREACHABLE' = 'ERR_REGISTRY_UNREACHABLE'
  readonly method: string
  /** Redacted. */
  readonly url: string
  readonly reason: UnreachableReason
  /** Host and port of the URL. */
  readonly host: string
  /** The address tried last, with its port, when it is known. */
  readonly address: string | undefined
  /** The system's name of the failure, such as `ECONNREFUSED`. */
  readonly errno: string | undefined
  readonly retryable: boolean

  constructor(facts: UnreachableFacts, options?: ErrorOptions) {
    const where = facts.address === undefined ? facts.host : `${facts.host} at ${facts.address}`
    const errno = facts.errno === undefined ? '' : ` (${facts.errno})`
    super(`Cannot ${facts.method} "${facts.url}": ${facts.reason}${errno} from ${where}, expected an answer`, options)
    this.method = facts.method
    this.url = facts.url
    this.reason = facts.reason
    this.host = facts.host
    this.address = facts.address
    this.errno = facts.errno
    this.retryable = facts.retryable
  }
}

/** A body that ended or broke before all of it came; what came is good as far as it goes, and a later range continues it. */
export class RegistryTruncatedError extends Error {
  override readonly name: string = 'RegistryTruncatedError'
  readonly code: 'ERR_REGISTRY_TRUNCATED' = 'ERR_REGISTRY_TRUNCATED'
  readonly method: string
  /** Redacted. */
  readonly url: string
  /** Bytes of the content that are there, with those before the offset asked for. */
  readonly actualBytes: number
  /** Bytes of the whole content. */
  readonly expectedBytes: number
  readonly retryable = true

  constructor(facts: RequestFacts, actualBytes: number, expectedBytes: number, options?: ErrorOptions) {
    super(
      `Cannot ${facts.method} "${facts.url}": the body breaks off at byte ${actualBytes}, expected ${expectedBytes}`,
      options,
    )
    this.method = facts.method
    this.url = facts.url
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/** An answer that no registry gives, such as a captive portal's page. */
export class RegistryProtocolError extends Error {
  override readonly name: string = 'RegistryProtocolError'
  readonly code: 'ERR_REGISTRY_PROTOCOL' = 'ERR_REGISTRY_PROTOCOL'
  readonly method: string
  /** Redacted. */
  readonly url: string
  readonly retryable = false

  constructor(facts: RequestFacts, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot ${facts.method} "${facts.url}": found ${found}, expected ${wanted}`, options)
    this.method = facts.method
    this.url = facts.url
  }
}

/** A listing that goes in circles or on and on. */
export class RegistryListingError extends Error {
  override readonly name: string = 'RegistryListingError'
  readonly code: 'ERR_REGISTRY_LISTING' = 'ERR_REGISTRY_LISTING'
  readonly reason: 'cycle' | 'pages' | 'tags'
  /** Redacted. */
  readonly url: string
  readonly retryable = false

  constructor(url: string, reason: 'cycle' | 'pages' | 'tags', found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot list "${url}": found ${found}, expected ${wanted}`, options)
    this.url = url
    this.reason = reason
  }
}

/**
 * A mirror gave wrong bytes of some content, or broke off, as the cause says. The same request can go on at once: it is
 * answered by another endpoint.
 */
export class RegistryMirrorError extends Error {
  override readonly name: string = 'RegistryMirrorError'
  readonly code: 'ERR_REGISTRY_MIRROR' = 'ERR_REGISTRY_MIRROR'
  readonly host: string
  readonly retryable = true
  /** There is nothing to wait for. */
  readonly retryAfterMs = 0

  constructor(host: string, content: string, options?: ErrorOptions) {
    super(`Cannot fetch "${content}" from mirror "${host}": found other bytes or an end, expected all of it`, options)
    this.host = host
  }
}

/** Why a URL is refused. */
export type UrlRefusal = 'syntax' | 'scheme' | 'user-info' | 'downgrade' | 'address' | 'origin' | 'redirects'

/** A URL that a registry named and that is not followed. */
export class UrlRefusedError extends Error {
  override readonly name: string = 'UrlRefusedError'
  readonly code: 'ERR_URL_REFUSED' = 'ERR_URL_REFUSED'
  readonly reason: UrlRefusal
  /** Redacted. */
  readonly url: string
  readonly retryable = false

  constructor(url: string, reason: UrlRefusal, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot follow "${url}": found ${found}, expected ${wanted}`, options)
    this.url = url
    this.reason = reason
  }
}

/** A `WWW-Authenticate` header that cannot be read. */
export class ChallengeSyntaxError extends Error {
  override readonly name: string = 'ChallengeSyntaxError'
  readonly code: 'ERR_CHALLENGE_SYNTAX' = 'ERR_CHALLENGE_SYNTAX'
  /** Where the text stops being a list of challenges, in UTF-16 units. */
  readonly offset: number
  readonly retryable = false

  constructor(found: string, wanted: string, offset: number, options?: ErrorOptions) {
    super(`Cannot parse challenge: found ${found} at offset ${offset}, expected ${wanted}`, options)
    this.offset = offset
  }
}
