import { encodeText } from '@drayage/bytes'

/** The value of `Authorization` for a name and a password, as UTF-8. @see RFC 7617 */
export function basicHeader(login: { readonly username: string; readonly password: string }): string {
  const bytes = encodeText(`${login.username}:${login.password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`
}
