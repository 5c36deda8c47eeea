import { digestOf } from '@drayage/digest'

/** Tells whether a password is that of a user. */
export type CheckLogin = (login: Login) => Promise<boolean>

/** Users whose passwords are not known in plain text, and who may change. */
export interface UserDirectory {
  readonly check: CheckLogin
  /** What changes with the password of a user, such as its hash; `undefined` for somebody who is no user (any more). */
  stampOf(user: string): Promise<string | undefined>
}

/** Passwords by user name, a function that checks them, or a directory of users. */
export type Users = ReadonlyMap<string, string> | CheckLogin | UserDirectory

/** A user name and password as a client sent them. */
export interface Login {
  readonly username: string
  readonly password: string
}

/** Reads an `Authorization: Basic` header; `undefined` for any other text. @see RFC 7617 */
export function parseBasic(header: string | undefined): Login | undefined {
  const match = /^basic +([A-Za-z0-9+/]{1,16384}={0,2}) *$/i.exec(header ?? '')
  if (match === null) return undefined
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(match[1] ?? ''), (char) => char.charCodeAt(0)))
    const colon = text.indexOf(':')
    return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch (error) {
    if (error instanceof DOMException) return undefined
    throw error
  }
}

/** Tells whether the password is that of the user. Digests are compared, so that timing reveals nothing. */
export async function isLogin(users: Users, login: Login): Promise<boolean> {
  if (typeof users === 'function') return await users(login)
  if ('check' in users) return await users.check(login)
  const wanted = users.get(login.username)
  return wanted !== undefined && digestOf(wanted) === digestOf(login.password)
}

/** What changes with the password of a user; `undefined` for somebody who is no user. Of a function nothing is known. */
export async function stampOf(users: Users, user: string): Promise<string | undefined> {
  if (typeof users === 'function') return ''
  return 'check' in users ? await users.stampOf(user) : users.get(user)
}
