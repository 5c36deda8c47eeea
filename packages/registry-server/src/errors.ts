/** Codes of the errors of this package. */
export type RegistryServerErrorCode =
  | 'ERR_REQUEST_REFUSED'
  | 'ERR_REGISTRY_RECORD'
  | 'ERR_CLIENT_GONE'
  | 'ERR_CONNECTION_FAULT'
  | 'ERR_HTPASSWD'

/**
 * The error codes of a registry's answers.
 *
 * @see OCI distribution-spec v1.1.1, "Error Codes"
 */
export type SpecErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TAG_INVALID'
  | 'PAGINATION_NUMBER_INVALID'
  | 'UNKNOWN'

/** What a {@link RequestRefusedError} says. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number
  readonly specCode: SpecErrorCode
  /** One sentence; it is sent to the client. */
  readonly message: string
  /** Details for the client, as JSON. */
  readonly detail?: unknown
  /** Further response headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that the registry answers with an error. */
export class RequestRefusedError extends Error {
  override readonly name: string = 'RequestRefusedError'
  readonly code: 'ERR_REQUEST_REFUSED' = 'ERR_REQUEST_REFUSED'
  /** The answer. */
  readonly refusal: Refusal

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options)
    this.refusal = refusal
  }
}

/** A record of the registry's storage that cannot be read. */
export class RegistryRecordError extends Error {
  override readonly name: string = 'RegistryRecordError'
  readonly code: 'ERR_REGISTRY_RECORD' = 'ERR_REGISTRY_RECORD'
  /** The file. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot read registry record ${JSON.stringify(path)}: found ${found}, expected ${wanted}`, options)
    this.path = path
  }
}

/** The client closed its connection before it had the response; the reason of the request's signal. */
export class ClientGoneError extends Error {
  override readonly name: string = 'ClientGoneError'
  readonly code: 'ERR_CLIENT_GONE' = 'ERR_CLIENT_GONE'

  constructor(options?: ErrorOptions) {
    super('Cannot answer the request: found its connection closed, expected it to stay open', options)
  }
}

/** What a {@link ConnectionFaultError} does to the connection. */
export interface ConnectionFault {
  /** The kind of the fault that breaks it. */
  readonly fault: string
  /** Method and path of the request. */
  readonly request: string
  /** `reset` ends it with RST, `close` with FIN. */
  readonly ending: 'reset' | 'close'
  /** Sent as they are before the end. */
  readonly lastBytes?: Uint8Array
}

/**
 * A connection that a fault breaks. A handler rejects with it, or a body of it does; a server breaks the connection in
 * this way, after what was sent before.
 */
export class ConnectionFaultError extends Error {
  override readonly name: string = 'ConnectionFaultError'
  readonly code: 'ERR_CONNECTION_FAULT' = 'ERR_CONNECTION_FAULT'
  /** What happens to the connection. */
  readonly connection: ConnectionFault

  constructor(connection: ConnectionFault, options?: ErrorOptions) {
    const { fault, request, ending } = connection
    const what = JSON.stringify(request.slice(0, 160))
    super(
      `Cannot answer ${what}: found its connection ${ENDINGS[ending]} by fault "${fault}", expected it open`,
      options,
    )
    this.connection = connection
  }
}

const ENDINGS = { reset: 'reset', close: 'closed' } as const

/** An htpasswd file with a line that is no user with a bcrypt hash. */
export class HtpasswdError extends Error {
  override readonly name: string = 'HtpasswdError'
  readonly code: 'ERR_HTPASSWD' = 'ERR_HTPASSWD'
  /** The number of the line, from 1. */
  readonly line: number

  constructor(line: number, options?: ErrorOptions) {
    super(
      `Cannot read users: found line ${line} in another form, expected NAME:HASH as \`htpasswd -B\` writes it`,
      options,
    )
    this.line = line
  }
}

/** Any error of this package. */
export type RegistryServerError =
  | RequestRefusedError
  | RegistryRecordError
  | ClientGoneError
  | ConnectionFaultError
  | HtpasswdError

const CODES: readonly string[] = [
  'ERR_REQUEST_REFUSED',
  'ERR_REGISTRY_RECORD',
  'ERR_CLIENT_GONE',
  'ERR_CONNECTION_FAULT',
  'ERR_HTPASSWD',
] satisfies RegistryServerErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isRegistryServerError(value: unknown): value is RegistryServerError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
