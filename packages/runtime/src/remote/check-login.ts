import { loginHost } from '@drayage/credentials'
import type { CheckedLogin } from '@drayage/registry'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { askAgain, type AskOptions } from './ask-again.ts'

/** A login to check. */
export interface LoginRequest {
  /** Such as `registry.example:5000` or `https://index.docker.io/v1/`; Docker Hub by default. */
  readonly serverAddress?: string | undefined
  readonly username: string
  readonly password?: string | undefined
  /** In place of a password. */
  readonly identityToken?: string | undefined
}

/** What a registry says of a login. */
export interface AcceptedLogin {
  /** The registry, as references name it. */
  readonly host: string
  /** Docker's word for it. */
  readonly status: 'Login Succeeded'
  /** What the registry gives to be kept in place of the password. */
  readonly identityToken?: string
}

/**
 * Asks a registry, and none of its mirrors, whether it accepts a login. Nothing is kept.
 *
 * @throws RegistryUnauthorizedError `ERR_REGISTRY_UNAUTHORIZED`
 * @throws UrlRefusedError `ERR_URL_REFUSED` for a token server that may not see the password
 * @throws TypeError for a malformed address
 */
export async function checkLogin(
  runtime: RegistryAccess & TransferSettings,
  request: LoginRequest,
  options: AskOptions = {},
): Promise<AcceptedLogin> {
  const { serverAddress = '', username, password = '', identityToken } = request
  const host = loginHost(serverAddress)
  const credentials = identityToken === undefined ? { username, password } : { identityToken, username }
  const { signal } = options
  const check = (): Promise<CheckedLogin> => runtime.registry.checkLogin(host, credentials, { signal })
  const checked = await askAgain(runtime, `"${host}"`, check, options)
  return { host, status: 'Login Succeeded', ...checked }
}
