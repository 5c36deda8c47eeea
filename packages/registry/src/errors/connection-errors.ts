import type { DrayageErrorOptions } from '@drayage/bytes'

import { RequestError, type RequestFacts } from './answer-errors.ts'

/** Why there is no answer: what is said of it, and what to do about it where that is known. */
const REASONS = {
  dns: ['the host name does not resolve', 'Check the name of the registry and the DNS of this machine.'],
  refused: ['the connection was refused', 'Check that the registry is running, and its port.'],
  limit: ['too many files are open', 'Close some files or connections, or raise the limit (ulimit -n).'],
  'no-route': ['there is no route to the host', 'Check the network of this machine.'],
  'connect-timeout': ['connecting timed out', 'Check the network of this machine and the address of the registry.'],
  'headers-timeout': ['the server took too long to answer', undefined],
  stalled: ['the server stopped sending', undefined],
  reset: ['the connection was closed', undefined],
  protocol: ['the server does not speak HTTP', 'Check the port and the scheme of the registry.'],
  headers: ["the answer's headers are too large", undefined],
  proxy: ['the proxy refused the connection', 'Check the proxy and its settings.'],
  'tls-expired': ["the server's certificate has expired or is not valid yet", 'Check the clock of this machine.'],
  'tls-host': ["the server's certificate is for another name", 'Check the name of the registry.'],
  'tls-untrusted': [
    "the server's certificate is signed by an unknown authority",
    "Add the authority's certificate to those trusted for this registry.",
  ],
  'tls-client-certificate': ['the server requires a client certificate', 'Configure one for this registry.'],
  tls: ['the TLS handshake failed', undefined],
  other: ['the connection failed', undefined],
} as const

/** Why a registry cannot be reached. The `tls-` reasons and `headers` do not pass by themselves, the others may. */
export type UnreachableReason = keyof typeof REASONS

/** What {@link RegistryUnreachableError} says. */
export interface UnreachableFacts extends RequestFacts {
  readonly reason: UnreachableReason
  readonly host: string
  readonly retryable: boolean
  readonly address?: string | undefined
  readonly errno?: string | undefined
}

/** There is no answer, or it broke off. */
export class RegistryUnreachableError extends RequestError<'ERR_REGISTRY_UNREACHABLE'> {
  override readonly name: string = 'RegistryUnreachableError'
  readonly reason: UnreachableReason
  /** Host and port of the URL. */
  readonly host: string
  /** The address tried last, with its port, when it is known. */
  readonly address: string | undefined
  /** The system's name of the failure, such as `ECONNREFUSED`. */
  readonly errno: string | undefined
  readonly retryable: boolean

  constructor(facts: UnreachableFacts, options?: DrayageErrorOptions) {
    const [what, hint] = REASONS[facts.reason]
    const known = [facts.errno, facts.address].filter((part) => part !== undefined)
    const detail = known.length === 0 ? '' : ` (${known.join(', ')})`
    super('ERR_REGISTRY_UNREACHABLE', facts, what + detail, { hint, ...options })
    this.reason = facts.reason
    this.host = facts.host
    this.address = facts.address
    this.errno = facts.errno
    this.retryable = facts.retryable
  }
}

/** A body that ended before all of it came; what came is good, and a later range continues it. */
export class RegistryTruncatedError extends RequestError<'ERR_REGISTRY_TRUNCATED'> {
  override readonly name: string = 'RegistryTruncatedError'
  /** Bytes of the content that are there, including those before the offset asked for. */
  readonly actualBytes: number
  /** Bytes of the whole content. */
  readonly expectedBytes: number
  readonly retryable = true

  constructor(facts: RequestFacts, actualBytes: number, expectedBytes: number, options?: DrayageErrorOptions) {
    super('ERR_REGISTRY_TRUNCATED', facts, `the body ended after ${actualBytes} of ${expectedBytes} bytes`, options)
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/** An answer that no registry gives, such as the login page of a network. */
export class RegistryProtocolError extends RequestError<'ERR_REGISTRY_PROTOCOL'> {
  override readonly name: string = 'RegistryProtocolError'
  readonly retryable = false
  readonly doubtful = true

  /** @param problem what is wrong, such as `the answer is not JSON` */
  constructor(facts: RequestFacts, problem: string, options?: DrayageErrorOptions) {
    super('ERR_REGISTRY_PROTOCOL', facts, problem, options)
  }
}
