import { quote } from '@drayage/bytes'
import type { Credentials } from '@drayage/registry'

import { CredentialsFileError } from '../errors.ts'
import { normalKey } from './login-key.ts'

/** One login as a file has it; the fields that matter, unchecked beyond their types. */
export interface LoginEntry {
  readonly auth?: string
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

/** The logins of one file, by normal key. */
export interface LoginFile {
  /** Where it was read, for messages. */
  readonly path: string
  readonly logins: ReadonlyMap<string, LoginEntry>
  /** Helper names by normal key. */
  readonly helpers: ReadonlyMap<string, string>
  /** The helper for all hosts that have none of their own. */
  readonly defaultHelper: string | undefined
}

/** How the text of a source is laid out: docker and podman's, the same without helpers, or the logins at the top. */
export type LoginFileForm = 'config' | 'logins-only' | 'legacy'

/**
 * Parses the text of a file of logins. Other members are ignored.
 *
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE`
 */
export function parseLoginFile(path: string, text: string, form: LoginFileForm): LoginFile {
  const root = parseMembers(path, text)
  const auths = form === 'legacy' ? root : member(path, root, 'auths')
  const helpers = form === 'config' ? member(path, root, 'credHelpers') : new Map<string, unknown>()
  const store = form === 'config' ? root.get('credsStore') : undefined
  return {
    path,
    logins: byNormalKey(auths, (value) => readEntry(path, value)),
    helpers: byNormalKey(helpers, (value) => textOf(path, value, 'credHelpers')),
    defaultHelper: store === undefined || store === '' ? undefined : textOf(path, store, 'credsStore'),
  }
}

/** Parses a JSON object; an empty text is an empty one. @throws CredentialsFileError `ERR_CREDENTIALS_FILE` */
export function parseMembers(path: string, text: string): Map<string, unknown> {
  if (text.trim() === '') return new Map()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The cause would quote the text, which holds secrets.
    throw new CredentialsFileError(path, 'it is not JSON')
  }
  return asMap(path, value, 'the document')
}

function member(path: string, root: ReadonlyMap<string, unknown>, name: string): Map<string, unknown> {
  const value = root.get(name)
  return value === undefined || value === null ? new Map() : asMap(path, value, name)
}

function asMap(path: string, value: unknown, name: string): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CredentialsFileError(path, `${name} is not a JSON object`)
  }
  // A map, so that keys such as __proto__ are keys.
  return new Map(Object.entries(value))
}

/** Keys that are in normal form already win over those that become equal to them. */
function byNormalKey<T>(entries: ReadonlyMap<string, unknown>, read: (value: unknown) => T): Map<string, T> {
  const found = new Map<string, T>()
  for (const [key, value] of entries) {
    const normal = normalKey(key)
    if (normal === key || !found.has(normal)) found.set(normal, read(value))
  }
  return found
}

function readEntry(path: string, value: unknown): LoginEntry {
  const fields = value === null ? new Map<string, unknown>() : asMap(path, value, 'a login')
  const names = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const
  const found = names.flatMap((name) => {
    const field = fields.get(name)
    return field === undefined || field === null || field === '' ? [] : [[name, textOf(path, field, name)] as const]
  })
  return Object.fromEntries(found)
}

function textOf(path: string, value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new CredentialsFileError(path, `${name} is not text`)
}

/** The host's own helper, then that of all hosts. An empty name for the host turns helpers off for it. */
export function helpersFor({ helpers, defaultHelper }: LoginFile, keys: readonly string[]): readonly string[] {
  const own = keys.map((key) => helpers.get(key)).find((helper) => helper !== undefined)
  if (own === '') return []
  return [...new Set([own, defaultHelper])].filter((helper) => helper !== undefined)
}

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
    throw new CredentialsFileError(path, `"auth" of ${quote(key)} is not a user name and password in base64`)
  }
  // Old docker versions pad the password with NUL.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') }
}
