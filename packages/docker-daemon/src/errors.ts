import { DrayageError, type DrayageErrorOptions, errorGuard, quote } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type DockerDaemonErrorCode = DockerDaemonError['code']

/** The most characters of an engine's words in a message. */
const LONGEST_REASON = 512

/** A place where no Docker Engine can be reached. */
export class DockerHostError extends DrayageError<'ERR_DOCKER_HOST'> {
  override readonly name: string = 'DockerHostError'
  /** As it was given. */
  readonly host: string

  constructor(host: string, reason: string, options?: DrayageErrorOptions) {
    super('ERR_DOCKER_HOST', `Cannot use Docker host ${quote(host)}: ${reason}`, options)
    this.host = host
  }
}

/** No connection to the engine, or one that ended or fell silent before the answer was whole. */
export class DockerConnectionError extends DrayageError<'ERR_DOCKER_CONNECTION'> {
  override readonly name: string = 'DockerConnectionError'
  readonly host: string
  /** The code of the system's error, such as `ECONNREFUSED` or `EACCES`. */
  readonly errno: string | undefined

  constructor(host: string, action: string, reason: string, options?: ErrorOptions & { readonly errno?: string }) {
    super('ERR_DOCKER_CONNECTION', `Cannot ${action} the Docker Engine at ${quote(host)}: ${reason}`, {
      ...options,
      hint: 'Check that the engine is running, and that you may connect to it.',
    })
    this.host = host
    this.errno = options?.errno
  }
}

/** A failure that the engine reports. */
export class DockerEngineError extends DrayageError<'ERR_DOCKER_ENGINE'> {
  override readonly name: string = 'DockerEngineError'
  readonly host: string
  /** The HTTP status; `undefined` when the engine failed after it had begun to answer. */
  readonly status: number | undefined
  /** The engine's own words, not escaped. */
  readonly reason: string

  constructor(
    host: string,
    action: string,
    answer: { readonly status?: number; readonly reason: string },
    options?: ErrorOptions,
  ) {
    const status = answer.status === undefined ? '' : ` (status ${answer.status})`
    const text = `it says ${quote(answer.reason, LONGEST_REASON)}${status}`
    super('ERR_DOCKER_ENGINE', `Cannot ${action} the Docker Engine at ${quote(host)}: ${text}`, options)
    this.host = host
    this.status = answer.status
    this.reason = answer.reason
  }
}

/** An image that the engine does not hold. */
export class DockerNotFoundError extends DrayageError<'ERR_DOCKER_NOT_FOUND'> {
  override readonly name: string = 'DockerNotFoundError'
  readonly problem: 'manifest-unknown' = 'manifest-unknown'
  /** Name or ID, as it was asked for. */
  readonly image: string

  constructor(host: string, image: string, options?: ErrorOptions) {
    super(
      'ERR_DOCKER_NOT_FOUND',
      `Cannot find ${quote(image)}: the Docker Engine at ${quote(host)} has no such image`,
      options,
    )
    this.image = image
  }
}

/** An answer that does not follow the Engine API. */
export class DockerProtocolError extends DrayageError<'ERR_DOCKER_PROTOCOL'> {
  override readonly name: string = 'DockerProtocolError'
  readonly host: string

  constructor(host: string, action: string, reason: string, options?: ErrorOptions) {
    super('ERR_DOCKER_PROTOCOL', `Cannot ${action} the Docker Engine at ${quote(host)}: ${reason}`, options)
    this.host = host
  }
}

/** Any error of this package. */
export type DockerDaemonError =
  | DockerHostError
  | DockerConnectionError
  | DockerEngineError
  | DockerNotFoundError
  | DockerProtocolError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isDockerDaemonError: (value: unknown) => value is DockerDaemonError = errorGuard<DockerDaemonError>([
  'ERR_DOCKER_HOST',
  'ERR_DOCKER_CONNECTION',
  'ERR_DOCKER_ENGINE',
  'ERR_DOCKER_NOT_FOUND',
  'ERR_DOCKER_PROTOCOL',
])
