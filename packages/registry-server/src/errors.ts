import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

import type { RequestRefusedError } from './handler/refusal.ts'

/** Codes of the errors of this package. */
export type RegistryServerErrorCode = RegistryServerError['code']

/** A record of the registry's storage that cannot be read. */
export class RegistryRecordError extends DrayageError<'ERR_REGISTRY_RECORD'> {
  override readonly name: string = 'RegistryRecordError'
  /** The file. */
  readonly path: string

  /** @param problem what is wrong, such as `it is not JSON` */
  constructor(path: string, problem: string, options?: DrayageErrorOptions) {
    super('ERR_REGISTRY_RECORD', `Cannot read registry record ${quote(path)}: ${problem}`, options)
    this.path = path
  }
}

/** The client closed its connection before it had the response; the reason of the request's signal. */
export class ClientGoneError extends DrayageError<'ERR_CLIENT_GONE'> {
  override readonly name: string = 'ClientGoneError'

  constructor(options?: DrayageErrorOptions) {
    super('ERR_CLIENT_GONE', 'Cannot answer the request: the client has closed its connection', options)
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
export class ConnectionFaultError extends DrayageError<'ERR_CONNECTION_FAULT'> {
  override readonly name: string = 'ConnectionFaultError'
  /** What happens to the connection. */
  readonly connection: ConnectionFault

  constructor(connection: ConnectionFault, options?: DrayageErrorOptions) {
    const { fault, request, ending } = connection
    const end = ending === 'reset' ? 'resets' : 'closes'
    super('ERR_CONNECTION_FAULT', `Cannot answer ${quote(request)}: fault "${fault}" ${end} its connection`, options)
    this.connection = connection
  }
}

/** A line of an htpasswd file that is not a user with a bcrypt hash. */
export class HtpasswdError extends DrayageError<'ERR_HTPASSWD'> {
  override readonly name: string = 'HtpasswdError'
  /** The number of the line, from 1. */
  readonly line: number

  constructor(line: number, options?: DrayageErrorOptions) {
    super('ERR_HTPASSWD', `Cannot read users: line ${line} is not of the form NAME:HASH with a bcrypt hash`, {
      hint: 'Make the line with `htpasswd -nB NAME`.',
      ...options,
    })
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

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isRegistryServerError: (value: unknown) => value is RegistryServerError = errorGuard<RegistryServerError>([
  'ERR_REQUEST_REFUSED',
  'ERR_REGISTRY_RECORD',
  'ERR_CLIENT_GONE',
  'ERR_CONNECTION_FAULT',
  'ERR_HTPASSWD',
])
