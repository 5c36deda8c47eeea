import { decodeText } from '@drayage/bytes'
import { withCredentials, type AuthConfig, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'

/** The longest header that is read, in characters. */
const MAX_AUTH_HEADER = 65_536

/**
 * The credentials in `X-Registry-Auth`; `undefined` if there are none, or none that can be read, as in Docker Engine.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400 for a header that is too long
 */
export function registryAuthOf({ request }: Exchange): AuthConfig | undefined {
  const header = request.headers['x-registry-auth']
  if (header === undefined || header === '') return undefined
  if (header.length > MAX_AUTH_HEADER) {
    throw new EngineRequestError(400, `X-Registry-Auth too large: the limit is ${MAX_AUTH_HEADER} characters`)
  }
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(header)) return undefined
  try {
    return authConfigOf(JSON.parse(decodeText(Buffer.from(header, 'base64url'))))
  } catch {
    return undefined
  }
}

const FIELDS = ['username', 'password', 'identitytoken', 'registrytoken', 'serveraddress'] as const

/** Whether a JSON value is an object whose known members are texts; `null` stands for what is absent. */
export function isAuthConfig(value: unknown): boolean {
  if (value === null) return true
  if (typeof value !== 'object' || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([name, text]) => text === null || typeof text === 'string' || ![...FIELDS, 'auth'].includes(name),
  )
}

/** The credentials in a JSON value; `undefined` if it has none. */
export function authConfigOf(value: unknown): AuthConfig | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: Partial<Record<(typeof FIELDS)[number], string>> = {}
  for (const field of FIELDS) {
    const text: unknown = Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined
    if (typeof text === 'string' && text !== '') fields[field] = text
  }
  const pair: unknown = Object.hasOwn(value, 'auth') ? Reflect.get(value, 'auth') : undefined
  if (fields.username === undefined && typeof pair === 'string') Object.assign(fields, splitPair(pair))
  return Object.keys(fields).length === 0 ? undefined : fields
}

/** Splits the older form: user and password in one base64 text. */
function splitPair(pair: string): Pick<AuthConfig, 'username' | 'password'> {
  // Any text is accepted: the registry decides.
  const text = Buffer.from(pair, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? {} : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The runtime with the credentials of a client, if it sent some. */
export function runtimeFor({ runtime }: Exchange, auth: AuthConfig | undefined): Runtime {
  return auth === undefined ? runtime : withCredentials(runtime, auth)
}
