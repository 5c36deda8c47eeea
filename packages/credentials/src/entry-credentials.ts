import type { Credentials } from '@drayage/registry'

import { CredentialsFileError, quote } from './errors.ts'
import type { LoginEntry } from './login-file.ts'

/**
 * The credentials of an entry: its registry token, else its identity token, else user name and password, which `auth`
 * holds in base64. `undefined` for an entry without any, as docker leaves one for a login that a helper keeps.
 *
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE` when `auth` cannot be decoded
 */
export function entryCredentials(path: string, key: string, entry: LoginEntry): Credentials | undefined {
  if (entry.registrytoken !== undefined) return { registryToken: entry.registrytoken }
  const decoded = entry.auth === undefined ? undefined : decodeAuth(path, key, entry.auth)
  const username = decoded?.username ?? entry.username ?? ''
  const password = decoded?.password ?? entry.password ?? ''
  if (entry.identitytoken !== undefined) {
    return { identityToken: entry.identitytoken, ...(username === '' ? {} : { username }) }
  }
  if (username === '' && password === '') return undefined
  return { username, password }
}

function decodeAuth(path: string, key: string, auth: string): { readonly username: string; readonly password: string } {
  const bytes = Buffer.from(auth, 'base64')
  const text = bytes.toString('utf8')
  const colon = text.indexOf(':')
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(auth)
  if (!isBase64 || colon < 0) {
    throw new CredentialsFileError(path, `another "auth" for ${quote(key)}`, 'a user name and password in base64')
  }
  // Old docker versions pad the password with NUL.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }
}
