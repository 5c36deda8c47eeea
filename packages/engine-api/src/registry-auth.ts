import { decodeText } from '@drayage/bytes'
import type { AuthConfig } from '@drayage/runtime'

import { EngineRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'

/** Longest header that is read, in characters: 64 Ki. */
const MAX_AUTH_HEADER = 65_536

/**
 * The credentials that a request brings in `X-Registry-Auth`; `undefined` when it brings none, or none that can be read,
 * as Docker Engine has it.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400 for a header that is too long
 */
export function registryAuthOf({ request }: Exchange): AuthConfig | undefined {
  const header = request.headers['x-registry-auth']
  if (header === undefined || header === '') return undefined
  if (header.length > MAX_AUTH_HEADER) {
    throw new EngineRequestError(400, `X-Registry-Auth too large: expected at most ${MAX_AUTH_HEADER} characters`)
  }
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(header)) return undefined
  try {
    return authConfigOf(JSON.parse(decodeText(Buffer.from(header, 'base64url'))))
  } catch {
    return undefined
  }
}

const FIELDS = ['username', 'password', 'identitytoken', 'registrytoken', 'serveraddress'] as const

/** The credentials in a JSON value; `undefined` for a value without any. */
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

/** The older form: user and password in one base64 text. */
function splitPair(pair: string): Pick<AuthConfig, 'username' | 'password'> {
  // Whatever it is: a registry is to judge it.
  const text = Buffer.from(pair, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? {} : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
