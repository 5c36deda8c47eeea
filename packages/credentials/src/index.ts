/**
 * The logins that docker and podman users already have: `config.json`, `auth.json` and credential helpers.
 *
 * @packageDocumentation
 */
export type { CredentialSourceOptions } from './create-credential-source.ts'
export type { CredentialsError, CredentialsErrorCode, HelperProblem } from './errors.ts'
export type { Environment } from './login-sources.ts'

export { createCredentialSource } from './create-credential-source.ts'
export { CredentialsFileError, CredentialsHelperError, isCredentialsError } from './errors.ts'
