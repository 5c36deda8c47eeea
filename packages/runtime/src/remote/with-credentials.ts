import type { Credentials, CredentialSource } from '@drayage/registry'

import type { Runtime } from '../runtime.ts'
import { watchLogins } from './used-logins.ts'

/** A login as docker's clients send it, in the field names of the Engine API. Empty fields are as good as absent. */
export interface AuthConfig {
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** User name and password in base64, joined by a colon; read when there are no such fields. */
  readonly auth?: string | undefined
  /** A refresh token, to exchange for access tokens. */
  readonly identitytoken?: string | undefined
  /** Sent as it is. */
  readonly registrytoken?: string | undefined
  /** For whom the client has chosen it; it is used for the registry that is asked, whatever this says. */
  readonly serveraddress?: string | undefined
}

/**
 * The same runtime for one caller with its own login: store, transfers, transport and endpoints are shared. The login is used
 * for the registry that is asked; mirrors get the logins that the runtime has for them. Disposing the result does nothing.
 */
export function withCredentials(runtime: Runtime, auth: AuthConfig): Runtime {
  const own = authCredentials(auth)
  const source: CredentialSource = async (host, options) =>
    options?.mirrorOf === undefined ? own : await runtime.credentials(host, options)
  const usedLogins = watchLogins(source)
  return {
    ...runtime,
    credentials: source,
    usedLogins,
    registry: runtime.registry.withCredentials(usedLogins.credentials),
    async [Symbol.asyncDispose]() {},
  }
}

/** A registry token before an identity token, and that before name and password; `undefined` when there are none. */
export function authCredentials(auth: AuthConfig): Credentials | undefined {
  const { registrytoken = '', identitytoken = '' } = auth
  if (registrytoken !== '') return { registryToken: registrytoken }
  const { username, password } = named(auth)
  if (identitytoken !== '') return { identityToken: identitytoken, ...(username !== '' && { username }) }
  return username === '' && password === '' ? undefined : { username, password }
}

function named({ username = '', password = '', auth = '' }: AuthConfig): {
  readonly username: string
  readonly password: string
} {
  if (username !== '' || password !== '' || auth === '') return { username, password }
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? { username, password } : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
