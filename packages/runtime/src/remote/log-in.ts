import type { AbortOptions } from '@drayage/bytes'
import { loginHost, type StoredLogin, type UserLogin } from '@drayage/credentials'
import type { Credentials } from '@drayage/registry'

import { checkLogin, type AcceptedLogin, type LoginRequest } from './check-login.ts'
import type { LoginAccess, RegistryAccess, TransferSettings } from '../runtime.ts'
import type { AskOptions } from './ask-again.ts'

/** A login that was accepted and kept. */
export interface KeptLogin extends AcceptedLogin {
  readonly stored: StoredLogin
  /** Whether another place of logins has one for the host that comes before it. */
  readonly isHidden: boolean
}

/**
 * Checks a login and keeps it where docker keeps logins. Nothing is kept of one that the registry does not accept.
 *
 * @throws RegistryUnauthorizedError `ERR_REGISTRY_UNAUTHORIZED`
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 * @throws CredentialsWriteError `ERR_CREDENTIALS_WRITE`
 */
export async function logIn(
  runtime: RegistryAccess & TransferSettings & LoginAccess,
  request: LoginRequest,
  options: AskOptions = {},
): Promise<KeptLogin> {
  const { signal } = options
  const { username, password = '' } = request
  const accepted = await checkLogin(runtime, request, options)
  const identityToken = accepted.identityToken ?? request.identityToken
  const login: UserLogin = identityToken === undefined ? { username, password } : { username, identityToken }
  const stored = await runtime.logins.store(accepted.host, login, { signal })
  const found = await runtime.credentials(accepted.host, signal === undefined ? {} : { signal })
  return { ...accepted, stored, isHidden: found === undefined || secretOf(found) !== secretOf(login) }
}

/** What was forgotten. */
export interface LoggedOut {
  readonly host: string
  readonly wasLoggedIn: boolean
  /** Whether another place of logins still has one for the host. */
  readonly isStillLoggedIn: boolean
}

/**
 * Forgets the login of a host where docker keeps logins.
 *
 * @param serverAddress such as `registry.example:5000`; Docker Hub when it is empty
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 * @throws CredentialsWriteError `ERR_CREDENTIALS_WRITE`
 */
export async function logOut(
  runtime: RegistryAccess & LoginAccess,
  serverAddress: string,
  options: AbortOptions = {},
): Promise<LoggedOut> {
  const { signal } = options
  const host = loginHost(serverAddress)
  const wasLoggedIn = await runtime.logins.erase(host, { signal })
  const left = await runtime.credentials(host, signal === undefined ? {} : { signal })
  return { host, wasLoggedIn, isStillLoggedIn: left !== undefined }
}

function secretOf(login: Credentials): string {
  if ('password' in login) return login.password
  return 'identityToken' in login ? login.identityToken : login.registryToken
}
