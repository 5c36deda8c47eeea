/** Codes of the errors of this package. */
export type CredentialsErrorCode = 'ERR_CREDENTIALS_FILE' | 'ERR_CREDENTIALS_HELPER' | 'ERR_CREDENTIALS_WRITE'

/** A file of logins that cannot be used. */
export class CredentialsFileError extends Error {
  override readonly name: string = 'CredentialsFileError'
  readonly code: 'ERR_CREDENTIALS_FILE' = 'ERR_CREDENTIALS_FILE'
  /** The file, or `$DOCKER_AUTH_CONFIG`. */
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot read logins from ${quote(path)}: found ${found}, expected ${wanted}`, options)
    this.path = path
  }
}

/** A file of logins that cannot be written. */
export class CredentialsWriteError extends Error {
  override readonly name: string = 'CredentialsWriteError'
  readonly code: 'ERR_CREDENTIALS_WRITE' = 'ERR_CREDENTIALS_WRITE'
  readonly path: string

  constructor(path: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot write logins to ${quote(path)}: found ${found}, expected ${wanted}`, options)
    this.path = path
  }
}

/** Why a credential helper gave no answer. */
export type HelperProblem = 'name' | 'server' | 'missing' | 'exit' | 'timeout' | 'output-size' | 'output-syntax'

/** A credential helper that could not be run, or failed. */
export class CredentialsHelperError extends Error {
  override readonly name: string = 'CredentialsHelperError'
  readonly code: 'ERR_CREDENTIALS_HELPER' = 'ERR_CREDENTIALS_HELPER'
  /** Its name as the file has it, without `docker-credential-`. */
  readonly helper: string
  readonly problem: HelperProblem

  constructor(helper: string, problem: HelperProblem, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot ask credential helper ${quote(helper)}: found ${found}, expected ${wanted}`, options)
    this.helper = helper
    this.problem = problem
  }
}

/** Any error of this package. */
export type CredentialsError = CredentialsFileError | CredentialsHelperError | CredentialsWriteError

const CODES: readonly string[] = [
  'ERR_CREDENTIALS_FILE',
  'ERR_CREDENTIALS_HELPER',
  'ERR_CREDENTIALS_WRITE',
] satisfies CredentialsErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isCredentialsError(value: unknown): value is CredentialsError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}

const LONGEST_SHOWN = 512

/** Foreign text for a message: in quotes, at most 512 characters, without characters that steer a terminal. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text.slice(0, LONGEST_SHOWN))
  return escaped.replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
