/**
 * The logins that docker and podman users already have: `config.json`, `auth.json` and credential helpers.
 *
 * @packageDocumentation
 */
export type { CredentialSourceOptions } from './create-credential-source.ts'
export type { CredentialsError, CredentialsErrorCode, HelperProblem } from './errors.ts'
export type { LoginStore, LoginStoreOptions, StoredLogin, UserLogin } from './login-store.ts'
export type { Environment } from './logins/login-sources.ts'

export { createCredentialSource } from './create-credential-source.ts'
export { createLoginStore } from './login-store.ts'
export { CredentialsFileError, CredentialsHelperError, CredentialsWriteError, isCredentialsError } from './errors.ts'
export { loginHost } from './logins/login-key.ts'
