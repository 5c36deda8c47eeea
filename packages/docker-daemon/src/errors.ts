/** Codes of the errors of this package. */
export type DockerDaemonErrorCode =
  | 'ERR_DOCKER_HOST'
  | 'ERR_DOCKER_CONNECTION'
  | 'ERR_DOCKER_ENGINE'
  | 'ERR_DOCKER_NOT_FOUND'
  | 'ERR_DOCKER_PROTOCOL'

const LONGEST_SHOWN = 512

/** Characters that move a cursor, hide or reorder text. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** Foreign text for a message: in quotes, at most 512 characters, without characters that steer a terminal. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text.slice(0, LONGEST_SHOWN))
  return escaped.replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A place that is none where a Docker Engine can be talked to. */
export class DockerHostError extends Error {
  override readonly name: string = 'DockerHostError'
  readonly code: 'ERR_DOCKER_HOST' = 'ERR_DOCKER_HOST'
  /** As it was given. */
  readonly host: string

  constructor(host: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot use Docker host ${quote(host)}: found ${found}, expected ${wanted}`, options)
    this.host = host
  }
}

/** No connection to the engine, or one that ended or fell silent before the answer was whole. */
export class DockerConnectionError extends Error {
  override readonly name: string = 'DockerConnectionError'
  readonly code: 'ERR_DOCKER_CONNECTION' = 'ERR_DOCKER_CONNECTION'
  readonly host: string
  /** The error number of the system, such as `ECONNREFUSED` or `EACCES`. */
  readonly errno: string | undefined

  constructor(host: string, action: string, found: string, options?: ErrorOptions & { readonly errno?: string }) {
    super(`Cannot ${action} the Docker Engine at ${quote(host)}: found ${found}, expected an answer`, options)
    this.host = host
    this.errno = options?.errno
  }
}

/** What the engine says went wrong. */
export class DockerEngineError extends Error {
  override readonly name: string = 'DockerEngineError'
  readonly code: 'ERR_DOCKER_ENGINE' = 'ERR_DOCKER_ENGINE'
  readonly host: string
  /** The HTTP status; nothing when the engine failed after it had begun to answer. */
  readonly status: number | undefined
  /** The engine's own words, not escaped. */
  readonly reason: string

  constructor(
    host: string,
    action: string,
    answer: { readonly status?: number; readonly reason: string },
    options?: ErrorOptions,
  ) {
    const found = answer.status === undefined ? 'the error' : `status ${answer.status} with`
    const text = `found ${found} ${quote(answer.reason)}, expected success`
    super(`Cannot ${action} the Docker Engine at ${quote(host)}: ${text}`, options)
    this.host = host
    this.status = answer.status
    this.reason = answer.reason
  }
}

/** An image that the engine does not hold. */
export class DockerNotFoundError extends Error {
  override readonly name: string = 'DockerNotFoundError'
  readonly code: 'ERR_DOCKER_NOT_FOUND' = 'ERR_DOCKER_NOT_FOUND'
  /** Name or ID, as it was asked for. */
  readonly image: string

  constructor(host: string, image: string, options?: ErrorOptions) {
    super(
      `Cannot find ${quote(image)}: found no such image in the Docker Engine at ${quote(host)}, expected one`,
      options,
    )
    this.image = image
  }
}

/** An answer that the Engine API does not know. */
export class DockerProtocolError extends Error {
  override readonly name: string = 'DockerProtocolError'
  readonly code: 'ERR_DOCKER_PROTOCOL' = 'ERR_DOCKER_PROTOCOL'
  readonly host: string

  constructor(host: string, action: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot ${action} the Docker Engine at ${quote(host)}: found ${found}, expected ${wanted}`, options)
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

const CODES: readonly string[] = [
  'ERR_DOCKER_HOST',
  'ERR_DOCKER_CONNECTION',
  'ERR_DOCKER_ENGINE',
  'ERR_DOCKER_NOT_FOUND',
  'ERR_DOCKER_PROTOCOL',
] satisfies DockerDaemonErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isDockerDaemonError(value: unknown): value is DockerDaemonError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
