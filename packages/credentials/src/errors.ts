import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type CredentialsErrorCode = 'ERR_CREDENTIALS_FILE' | 'ERR_CREDENTIALS_HELPER' | 'ERR_CREDENTIALS_WRITE'

/** A file of logins that cannot be used. */
export class CredentialsFileError extends DrayageError<'ERR_CREDENTIALS_FILE'> {
  override readonly name: string = 'CredentialsFileError'
  /** The file, or `$DOCKER_AUTH_CONFIG`. */
  readonly path: string

  /** @param problem what is wrong, such as `it is not JSON` */
  constructor(path: string, problem: string, options?: DrayageErrorOptions) {
    super('ERR_CREDENTIALS_FILE', `Cannot read logins from ${quote(path, 512)}: ${problem}`, options)
    this.path = path
  }
}

/** A file of logins that cannot be written. */
export class CredentialsWriteError extends DrayageError<'ERR_CREDENTIALS_WRITE'> {
  override readonly name: string = 'CredentialsWriteError'
  readonly path: string

  /** @param problem what went wrong, such as `ENOSPC` */
  constructor(path: string, problem: string, options?: DrayageErrorOptions) {
    super('ERR_CREDENTIALS_WRITE', `Cannot write logins to ${quote(path, 512)}: ${problem}`, {
      hint: 'Check that you may write to its directory, and that the disk has space.',
      ...options,
    })
    this.path = path
  }
}

/** Why a credential helper gave no answer. */
export type HelperProblem = 'name' | 'server' | 'missing' | 'exit' | 'timeout' | 'output-size' | 'output-syntax'

const HINTS: Readonly<Partial<Record<HelperProblem, string>>> = {
  name: 'Correct credsStore or credHelpers in the configuration.',
  missing: 'Install the helper, or remove it from credsStore or credHelpers in the configuration.',
  exit: 'Run the helper by itself to see what it needs, such as an unlocked keychain.',
  timeout: 'See whether the helper waits for input, such as the password of a keychain.',
}

/** A credential helper that could not be run, or failed. */
export class CredentialsHelperError extends DrayageError<'ERR_CREDENTIALS_HELPER'> {
  override readonly name: string = 'CredentialsHelperError'
  /** Its name as the file has it, without `docker-credential-`. */
  readonly helper: string
  readonly problem: HelperProblem

  /** @param found what happened, such as `it did not answer within 30000 ms` */
  constructor(helper: string, problem: HelperProblem, found: string, options?: DrayageErrorOptions) {
    super('ERR_CREDENTIALS_HELPER', `Cannot ask credential helper ${quote(helper, 512)}: ${found}`, {
      hint: HINTS[problem],
      ...options,
    })
    this.helper = helper
    this.problem = problem
  }
}

/** Any error of this package. */
export type CredentialsError = CredentialsFileError | CredentialsHelperError | CredentialsWriteError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isCredentialsError: (value: unknown) => value is CredentialsError = errorGuard<CredentialsError>([
  'ERR_CREDENTIALS_FILE',
  'ERR_CREDENTIALS_HELPER',
  'ERR_CREDENTIALS_WRITE',
])
