import { CredentialsFileError } from './errors.ts'
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
  const root = parseObject(path, text)
  const auths = form === 'legacy' ? root : member(path, root, 'auths')
  const helpers = form === 'config' ? member(path, root, 'credHelpers') : new Map<string, unknown>()
  const store = form === 'config' ? root.get('credsStore') : undefined
  return {
    path,
    logins: byNormalKey(auths, (value) => readEntry(path, value)),
    helpers: byNormalKey(helpers, (value) => readText(path, value, 'credHelpers')),
    defaultHelper: store === undefined || store === '' ? undefined : readText(path, store, 'credsStore'),
  }
}

function parseObject(path: string, text: string): Map<string, unknown> {
  if (text.trim() === '') return new Map()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The cause would quote the text, which holds secrets.
    throw new CredentialsFileError(path, 'no JSON', 'a JSON object')
  }
  return asMap(path, value, 'the document')
}

function member(path: string, root: ReadonlyMap<string, unknown>, name: string): Map<string, unknown> {
  const value = root.get(name)
  return value === undefined || value === null ? new Map() : asMap(path, value, name)
}

function asMap(path: string, value: unknown, name: string): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CredentialsFileError(path, `another value as ${name}`, 'a JSON object')
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
    return field === undefined || field === null || field === '' ? [] : [[name, readText(path, field, name)] as const]
  })
  return Object.fromEntries(found)
}

function readText(path: string, value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new CredentialsFileError(path, `another value as ${name}`, 'text')
}
