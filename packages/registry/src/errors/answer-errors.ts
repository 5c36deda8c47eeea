import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'
import type { Problem } from '@drayage/content'

import { trustHint, type WithheldLogin } from '../gate/credential-gate.ts'

/** What every error of a request says. */
export interface RequestFacts {
  readonly method: string
  /** Redacted: no user-info, no query values. */
  readonly url: string
}

/** The base of the errors of a request. */
export abstract class RequestError<Code extends string> extends DrayageError<Code> {
  readonly method: string
  /** Redacted. */
  readonly url: string

  constructor(code: Code, { method, url }: RequestFacts, problem: string, options?: DrayageErrorOptions) {
    super(code, `Cannot ${method} "${url}": ${problem}`, options)
    this.method = method
    this.url = url
  }
}

/** What {@link RegistryError} says. */
export interface AnswerFacts extends RequestFacts {
  readonly status: number
  readonly codes: readonly string[]
  readonly retryable: boolean
  readonly retryAfterMs?: number | undefined
  /** The registry's own words, escaped. */
  readonly said?: string | undefined
  /** Where the user's login was not sent, which may be why. */
  readonly withheld?: WithheldLogin | undefined
  /** Whether an earlier request got this answer, and this one was not sent; `false` by default. */
  readonly isEarlier?: boolean
}

/** Codes of {@link RegistryError} and its subclasses. */
export type AnswerErrorCode =
  | 'ERR_REGISTRY'
  | 'ERR_REGISTRY_UNAUTHORIZED'
  | 'ERR_REGISTRY_DENIED'
  | 'ERR_REGISTRY_NOT_FOUND'
  | 'ERR_REGISTRY_RATE_LIMITED'
  | 'ERR_REGISTRY_UNSUPPORTED'
  | 'ERR_REGISTRY_DIGEST_REFUSED'

/** An error answer. @see OCI distribution-spec v1.1.1, "Error Codes" */
export class RegistryError extends RequestError<AnswerErrorCode> {
  override readonly name: string = 'RegistryError'
  /** The HTTP status. */
  readonly status: number
  /** The specification's codes in the answer, such as `MANIFEST_UNKNOWN`, in its order. */
  readonly codes: readonly string[]
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** How long the registry asks to wait, in milliseconds; at most 120 000. */
  readonly retryAfterMs: number | undefined
  /** The registry's own words, escaped for a terminal, on one line; `undefined` where it says nothing. */
  readonly said: string | undefined
  /** What the answer means to a caller that knows no registries. */
  readonly problem: Problem | undefined
  /** The login that was not sent to a token server, where that may be why. */
  readonly withheld: WithheldLogin | undefined

  constructor(facts: AnswerFacts, options?: DrayageErrorOptions) {
    const { withheld } = facts
    super('ERR_REGISTRY', facts, answerOf(facts), { ...options, ...(withheld && { hint: trustHint(withheld) }) })
    this.withheld = withheld
    this.status = facts.status
    this.codes = facts.codes
    this.retryable = facts.retryable
    this.retryAfterMs = facts.retryAfterMs
    this.said = facts.said
    this.problem = problemOfCodes(facts)
  }
}

function answerOf({ status, codes, said, withheld, isEarlier = false }: AnswerFacts): string {
  const parts = [status, ...(codes.length > 0 ? [codes.join(', ')] : []), ...(said === undefined ? [] : [`"${said}"`])]
  const note =
    withheld === undefined
      ? ''
      : `; the login was withheld from token server ${withheld.realm}, which is none of ${withheld.registry} (see trusted-realms)`
  return `the server answered ${isEarlier ? 'an earlier request with ' : ''}${parts.join(' ')}${note}`
}

const PROBLEMS: ReadonlyMap<string, Problem> = new Map([
  ['DENIED', 'denied'],
  ['NAME_UNKNOWN', 'repository-unknown'],
  ['MANIFEST_UNKNOWN', 'manifest-unknown'],
])

/** The codes by which registries refuse a manifest that names a blob or manifest that they do not have. */
const PART_UNKNOWN: readonly string[] = ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN']

function problemOfCodes({ method, codes }: AnswerFacts): Problem | undefined {
  if (method === 'PUT' && codes.some((code) => PART_UNKNOWN.includes(code))) return 'part-unknown'
  return codes.map((code) => PROBLEMS.get(code)).find((problem) => problem !== undefined)
}

/** The registry, or its token server, wants other credentials (401). */
export class RegistryUnauthorizedError extends RegistryError {
  override readonly name: string = 'RegistryUnauthorizedError'
  override readonly code: 'ERR_REGISTRY_UNAUTHORIZED' = 'ERR_REGISTRY_UNAUTHORIZED'
  override readonly problem: Problem

  constructor(facts: AnswerFacts, options?: DrayageErrorOptions) {
    super(facts, { hint: 'Log in to the registry, or check the login that is in use.', ...options })
    this.problem = problemOfCodes(facts) ?? 'unauthorized'
  }
}

/** The credentials, or their absence, do not allow this (403, or 401 with `insufficient_scope`). */
export class RegistryDeniedError extends RegistryError {
  override readonly name: string = 'RegistryDeniedError'
  override readonly code: 'ERR_REGISTRY_DENIED' = 'ERR_REGISTRY_DENIED'
  override readonly problem: Problem

  constructor(facts: AnswerFacts, options?: DrayageErrorOptions) {
    super(facts, { hint: 'Check the name, or log in as a user who has access.', ...options })
    this.problem = problemOfCodes(facts) ?? 'denied'
  }
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

  constructor(facts: AnswerFacts, options?: DrayageErrorOptions) {
    super(facts, { hint: 'Try again later; many registries allow more requests after a login.', ...options })
  }
}

/** The registry does not support the operation, such as deleting a tag without its manifest. */
export class RegistryUnsupportedError extends RegistryError {
  override readonly name: string = 'RegistryUnsupportedError'
  override readonly code: 'ERR_REGISTRY_UNSUPPORTED' = 'ERR_REGISTRY_UNSUPPORTED'
}

/** The registry received bytes that do not match the digest, and dropped them; a caller sure of its bytes sends all again. */
export class RegistryDigestRefusedError extends RegistryError {
  override readonly name: string = 'RegistryDigestRefusedError'
  override readonly code: 'ERR_REGISTRY_DIGEST_REFUSED' = 'ERR_REGISTRY_DIGEST_REFUSED'
  override readonly problem: Problem = 'digest-refused'
}
